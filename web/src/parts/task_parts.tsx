/** How a task's type and progress look, wherever a task is shown. */
import { Tag } from 'antd';
import type { GroupProgress, TaskType } from '../api/types';
import { useText } from '../i18n';

const tagColors: Record<TaskType, string> = { 1: 'default', 2: 'processing', 3: 'success', 4: 'success', 5: 'warning' };

export function TaskTypeTag({ type }: { type: TaskType }) {
  const t = useText();
  return (
    <Tag color={tagColors[type]} className="task-type" data-task-type={type}>
      {t(`task.type.${type}`)}
    </Tag>
  );
}

export const progressBuckets = ['total_completed', 'failed', 'executing', 'scheduling'] as const;

/** Share of calls that are over, in whole percent; 100 only when all are. */
export function percentDone(progress: GroupProgress): number {
  if (progress.total_jobs === 0) return 0;
  return Math.floor((100 * (progress.total_completed + progress.failed)) / progress.total_jobs);
}

/** One bar of all calls, by where they are. */
export function ProgressBar({ progress }: { progress: GroupProgress }) {
  const t = useText();
  return (
    <div className="progress-bar" role="img" aria-label={t('progress.label', { percent: percentDone(progress) })}>
      {progressBuckets.filter((bucket) => progress[bucket] > 0).map((bucket) => (
        <span key={bucket} className={`bucket-${bucket}`} style={{ flexGrow: progress[bucket] }} />
      ))}
    </div>
  );
}

/** The bar's numbers in words. */
export function ProgressLegend({ progress }: { progress: GroupProgress }) {
  const t = useText();
  return (
    <ul className="progress-legend">
      {progressBuckets.map((bucket) => (
        <li key={bucket}>
          <i aria-hidden className={`bucket-${bucket}`} />
          {t(`progress.${bucket}`)} <b data-bucket={bucket}>{progress[bucket]}</b>
        </li>
      ))}
    </ul>
  );
}
