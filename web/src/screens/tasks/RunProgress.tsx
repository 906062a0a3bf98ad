/** Has every call of a task looked at in the background, and shows how far that is; the run stands in the address. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Progress } from 'antd';
import { useEffect } from 'react';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import { subjects } from '../../api/queries';
import { runOf, taskSubjects } from '../../api/task_queries';
import type { ExecutionRun } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { Part } from '../../parts/call_parts';
import { count } from '../../parts/format';
import { Failed } from '../../parts/states';
import { WriteButton } from '../../parts/WriteButton';
import { percentOfRun } from './task_view';

function Run({ run }: { run: ExecutionRun }) {
  const t = useText();
  const status = run.status === 'failed' ? 'exception' : run.status === 'done' ? 'success' : 'active';
  return (
    <div data-run={run.status}>
      <Progress percent={percentOfRun(run)} status={status} aria-label={t('tasks.run_label')} />
      <p aria-live="polite">
        <b>{t(`tasks.run_${run.status}`)}</b>{' '}
        <span className="hint">
          {t('tasks.run_progress', { done: count(run.processed_jobs), total: count(run.total_jobs) })} · {run.updated_at}
        </span>
      </p>
      {run.error && <p className="hint">{run.error}</p>}
    </div>
  );
}

export function RunProgress({ taskId }: { taskId: number }) {
  const t = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const { search, change } = useDrawers();
  const runId = search.get('run') ?? '';
  const run = useQuery({ ...runOf(runId), enabled: runId !== '' });
  const start = useMutation({
    mutationFn: () => answer(api.POST('/api/start-query-execution-run', { body: { task_id: taskId } })),
    onSuccess: ({ run_id }) => {
      void queries.invalidateQueries({ queryKey: taskSubjects.run(run_id) });
      change({ run: run_id });
    },
    onError: (thrown) => void message.error(asApiError(thrown).message),
  });
  const status = run.data?.status;
  const underWay = status === 'pending' || status === 'running';
  useEffect(() => {
    if (status !== 'done') return;
    for (const queryKey of [taskSubjects.task(taskId), subjects.calls(taskId), subjects.group(taskId)]) void queries.invalidateQueries({ queryKey });
  }, [status, taskId, queries]);
  return (
    <Part
      title={t('tasks.run_title')}
      extra={
        <WriteButton loading={start.isPending} disabled={underWay} onClick={() => start.mutate()}>
          {t('tasks.run')}
        </WriteButton>
      }
    >
      {run.data && <Run run={run.data} />}
      {run.isError && !run.data && <Failed error={run.error} onRetry={() => void run.refetch()} />}
      <p className="hint">{t('tasks.run_hint')}</p>
    </Part>
  );
}
