/** Starts a task that was made: chooses its scene, asks, sets the scene, begins calling. */
import { PhoneOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { subjects } from '../../api/queries';
import { taskSubjects } from '../../api/task_queries';
import type { Diagnosis } from '../../api/types';
import { useText } from '../../i18n';
import { Part } from '../../parts/call_parts';
import { count } from '../../parts/format';
import { Failed } from '../../parts/states';
import { WriteButton } from '../../parts/WriteButton';
import { SceneSelect } from './SceneSelect';

export function StartTask({ task }: { task: Diagnosis }) {
  const t = useText();
  const { message, modal } = App.useApp();
  const queries = useQueryClient();
  const [scene, setScene] = useState({ script: '', name: '' });
  const { task_id: id, task_name: name } = task;
  const start = useMutation({
    mutationFn: async () => {
      if (scene.script) await answer(api.POST('/api/update-script-id', { body: { task_id: id, script_id: scene.script } }));
      return answer(api.POST('/api/start-call-task', { body: { task_id: id } }));
    },
    onSuccess: () => void message.success(t('tasks.started')),
    // Also after a failure: somebody else may have started it.
    onSettled: () => {
      for (const queryKey of [taskSubjects.task(id), subjects.tasks, subjects.taskCounts]) void queries.invalidateQueries({ queryKey });
    },
  });
  const ask = (): void => {
    const leads = count(task.stats.total_leads);
    void modal.confirm({
      title: t('tasks.start_title', { name }),
      content: scene.script ? t('tasks.start_text', { scene: scene.name, count: leads }) : t('tasks.start_text_kept', { count: leads }),
      okText: t('tasks.start'),
      cancelText: t('action.cancel'),
      // The dialog stays until the daemon has answered; what went wrong is told in the drawer.
      onOk: () => start.mutateAsync().then(() => undefined, () => undefined),
    });
  };
  return (
    <Part title={t('tasks.scene')}>
      <div aria-live="polite">{start.isError && <Failed error={start.error} />}</div>
      <div className="start-task">
        <SceneSelect value={scene.script} onChange={(script, chosen) => setScene({ script, name: chosen })} />
        <WriteButton type="primary" icon={<PhoneOutlined />} loading={start.isPending} onClick={ask}>
          {t('tasks.start')}
        </WriteButton>
      </div>
      <p className="hint">{t('tasks.scene_kept')}</p>
    </Part>
  );
}
