/** Why something waits, with how many calls and until when. */
import { ClockCircleOutlined } from '@ant-design/icons';
import type { WaitReason } from '../../api/types';
import { useText } from '../../i18n';
import { count } from '../../parts/format';

export function Reasons({ title, reasons }: { title?: string; reasons: readonly WaitReason[] }) {
  const t = useText();
  return (
    <div className="reasons">
      {title && <h3>{title}</h3>}
      <ul>
        {reasons.map(({ reason, jobs, until }) => (
          <li key={`${reason}-${until ?? ''}`} data-reason={reason}>
            <ClockCircleOutlined aria-hidden />
            <span>{t(`why.${reason}`)}</span>
            {jobs > 1 && <b>{t('calls.why_jobs', { count: count(jobs) })}</b>}
            {until && <span className="hint">{t('calls.why_until', { time: until })}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
