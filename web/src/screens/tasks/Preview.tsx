/** Whom a new task would call and whom it leaves out, by reason. */
import { Alert } from 'antd';
import { useText } from '../../i18n';
import { count } from '../../parts/format';
import { skipReasons } from './task_view';

export interface PreviewResult {
  leads_count: number;
  skipped: Record<(typeof skipReasons)[number], number>;
  skipped_leads: {
    do_not_call: string[];
    invalid_phone: string[];
    duplicate_phone: { leads_id: string; same_phone_as: string }[];
  };
}

/** Ids shown of each reason; the rest is counted. */
const shown = 50;

/** Ids of a reason, each with a word on it where there is one. */
function entriesOf(preview: PreviewResult, reason: (typeof skipReasons)[number], same: (other: string) => string): [id: string, note: string][] {
  if (reason !== 'duplicate_phone') return preview.skipped_leads[reason].map((id) => [id, '']);
  return preview.skipped_leads.duplicate_phone.map(({ leads_id, same_phone_as }) => [leads_id, same(same_phone_as)]);
}

export function Preview({ preview, old }: { preview: PreviewResult; old: boolean }) {
  const t = useText();
  const reasons = skipReasons.filter((reason) => preview.skipped[reason] > 0);
  return (
    <section className="preview" aria-labelledby="preview-title" data-old={old}>
      <h3 id="preview-title">{t('tasks.preview_title')}</h3>
      {old && <Alert type="warning" showIcon title={t('tasks.preview_old')} />}
      <dl className="figures">
        <div data-figure="leads_count">
          <dt>{t('tasks.will_call')}</dt>
          <dd>{count(preview.leads_count)}</dd>
        </div>
        {skipReasons.map((reason) => (
          <div key={reason} data-figure={reason}>
            <dt>{t(`tasks.skipped_${reason}`)}</dt>
            <dd>{count(preview.skipped[reason])}</dd>
          </div>
        ))}
      </dl>
      {reasons.length === 0 && <p className="hint">{t('tasks.skipped_none')}</p>}
      {reasons.map((reason) => {
        const entries = entriesOf(preview, reason, (other) => t('tasks.skipped_same', { other }));
        return (
          <details key={reason} data-skipped={reason}>
            <summary>
              {t(`tasks.skipped_${reason}`)} · {count(preview.skipped[reason])}
            </summary>
            <ul className="skipped" aria-label={t('tasks.skipped_list')}>
              {entries.slice(0, shown).map(([id, note]) => (
                <li key={id}>
                  <code>{id}</code> {note && <span className="hint">{note}</span>}
                </li>
              ))}
            </ul>
            {entries.length > shown && <p className="hint">{t('tasks.skipped_more', { count: count(entries.length - shown) })}</p>}
          </details>
        );
      })}
    </section>
  );
}
