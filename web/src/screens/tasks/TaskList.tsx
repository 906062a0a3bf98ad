/** Tasks of one state or of all, newest first, endless; what a click on one does is its place's to say. */
import { Segmented } from 'antd';
import type { TaskItem, TaskType } from '../../api/types';
import { useText } from '../../i18n';
import { TaskCard, TaskCards, useTasks } from '../../parts/TaskCards';

interface TaskListProps {
  /** States to choose from. */
  types: readonly TaskType[];
  /** 0: all of them. */
  type: TaskType | 0;
  onType: (type: TaskType | 0) => void;
  enabled: boolean;
  /** Names the button of a task. */
  label: (name: string) => string;
  onTask: (task: TaskItem) => void;
}

/** A state from an address; 0 when it is none of these. */
export function typeIn(text: string | null, types: readonly TaskType[]): TaskType | 0 {
  return types.find((type) => String(type) === text) ?? 0;
}

export function TaskList({ types, type, onType, enabled, label, onTask }: TaskListProps) {
  const t = useText();
  const tasks = useTasks(types, type, enabled);
  return (
    <>
      <div className="task-states">
        <Segmented<TaskType | 0>
          aria-label={t('tasks.filter')}
          value={type}
          onChange={onType}
          options={[{ value: 0, label: t('tasks.all') }, ...types.map((value) => ({ value, label: t(`task.type.${value}`) }))]}
        />
      </div>
      <TaskCards
        tasks={tasks}
        none={t(type === 0 ? 'tasks.none' : 'tasks.none_of_type')}
        end={(count) => t('tasks.end', { count })}
        card={(task) => <TaskCard key={task.id} task={task} label={label(task.task_name)} onOpen={() => onTask(task)} />}
      />
    </>
  );
}
