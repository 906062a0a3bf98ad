/**
 * Suspending and resuming a task, wherever its buttons stand: asks first, then does it; when it fails the task is read again,
 * and a place that shows it is told to close if it is neither calling nor suspended any more.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { answer, api } from '../api/client';
import { asApiError } from '../api/errors';
import { subjects, typeOfTask } from '../api/queries';
import type { TaskType } from '../api/types';
import { useText } from '../i18n';

export type SwitchAction = 'suspend' | 'resume';

/** What may be done to a task of this type; null: neither. */
export function actionFor(type: TaskType): SwitchAction | null {
  if (type === 2) return 'suspend';
  return type === 5 ? 'resume' : null;
}

export interface TaskSwitch {
  ask: (task: { id: number; name: string }, action: SwitchAction) => void;
  /** The task that is being switched; null when none is. */
  busy: number | null;
}

/** @param onGone told the task's type when it turned out to be over, or 0 when it cannot be read either. */
export function useTaskSwitch(onGone: (taskId: number, type: TaskType | 0) => void): TaskSwitch {
  const t = useText();
  const { message, modal } = App.useApp();
  const queries = useQueryClient();
  const refresh = (taskId: number): void => {
    const keys = [subjects.tasks, subjects.taskCounts, subjects.group(taskId), subjects.calls(taskId), subjects.autoTask];
    for (const queryKey of keys) void queries.invalidateQueries({ queryKey });
  };
  const change = useMutation({
    mutationFn: ({ id, action }: { id: number; action: SwitchAction }) =>
      answer(api.POST('/api/suspend-resume-task', { body: { task_id: id, action } })),
    onSuccess: (_data, { action }) => void message.success(t(`monitor.${action}_done`)),
    onError: async (thrown, { id }) => {
      void message.error(asApiError(thrown).message);
      const type = await typeOfTask(id).catch((again: unknown) => (asApiError(again).kind === 'not_found' ? (0 as const) : null));
      if (type !== null && type !== 2 && type !== 5) onGone(id, type);
    },
    onSettled: (_data, _thrown, { id }) => refresh(id),
  });
  const ask: TaskSwitch['ask'] = ({ id, name }, action) => {
    void modal.confirm({
      title: t(`monitor.${action}_title`, { name }),
      content: t(`monitor.${action}_text`),
      okText: t(`monitor.${action}`),
      cancelText: t('action.cancel'),
      okButtonProps: { danger: action === 'suspend' },
      // The dialog stays until the daemon has answered; what went wrong is told by onError.
      onOk: () => change.mutateAsync({ id, action }).then(() => undefined, () => undefined),
    });
  };
  return { ask, busy: change.isPending ? (change.variables?.id ?? null) : null };
}
