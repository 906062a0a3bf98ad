/** Every task, and the way to a new one. */
import { PlusOutlined } from '@ant-design/icons';
import type { TaskType } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { SideDrawer } from '../../parts/SideDrawer';
import { WriteButton } from '../../parts/WriteButton';
import { TaskList, typeIn } from './TaskList';

const every: readonly TaskType[] = [1, 2, 3, 4, 5];

export default function TaskListDrawer(props: DrawerProps) {
  const t = useText();
  const { search, change, open } = useDrawers();
  return (
    <SideDrawer
      {...props}
      title={t('tasks.list')}
      width={620}
      extra={
        <WriteButton icon={<PlusOutlined />} onClick={() => open('create')}>
          {t('tasks.create')}
        </WriteButton>
      }
    >
      <TaskList
        types={every}
        type={typeIn(search.get('state'), every)}
        onType={(type) => change({ state: type || null })}
        enabled={props.open}
        label={(name) => t('tasks.open', { name })}
        onTask={({ id }) => open('task', { task: id })}
      />
    </SideDrawer>
  );
}
