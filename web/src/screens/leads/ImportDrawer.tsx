/** Imports leads from a table that is dropped here or chosen; tells what became of its rows and hands back the rejected ones. */
import { DownloadOutlined, InboxOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Spin, Table } from 'antd';
import { useRef, useState, type DragEvent } from 'react';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import { leadSubjects } from '../../api/lead_queries';
import type { ImportVerdict } from '../../api/types';
import type { DrawerProps } from '../../app/screens';
import { useRights } from '../../app/rights';
import { useText } from '../../i18n';
import { count } from '../../parts/format';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed } from '../../parts/states';
import { faultOfFile, importLimitBytes, rejectedAsCsv, sizeInMiB } from './lead_view';

/** Sends the file. That no row was imported is a verdict, too, not a failure. */
async function importFile(file: File): Promise<ImportVerdict> {
  const form = new FormData();
  form.append('file', file);
  try {
    return await answer(api.POST('/api/leads/import', { body: { file: file.name }, bodySerializer: () => form }));
  } catch (thrown) {
    const error = asApiError(thrown);
    if (error.code === 1002 && error.status === 200 && error.data) return error.data as ImportVerdict;
    throw error;
  }
}

function download(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

function DropZone({ onFile, busy }: { onFile: (file: File) => void; busy: string }) {
  const t = useText();
  const { mayWrite } = useRights();
  const chooser = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const disabled = !mayWrite || busy !== '';
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file && !disabled) onFile(file);
  };
  return (
    <div
      className={over ? 'drop-zone drop-zone-over' : 'drop-zone'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      {busy ? <Spin /> : <InboxOutlined aria-hidden />}
      <p aria-live="polite">{busy ? t('leads.import_sending', { name: busy }) : t('leads.import_drop')}</p>
      <input
        ref={chooser}
        type="file"
        accept=".csv,.xlsx"
        hidden
        aria-label={t('leads.import_choose')}
        onChange={({ target }) => {
          const file = target.files?.[0];
          target.value = '';
          if (file) onFile(file);
        }}
      />
      <Button type="primary" disabled={disabled} onClick={() => chooser.current?.click()}>
        {t('leads.import_choose')}
      </Button>
      <p className="hint">{mayWrite ? t('leads.import_hint', { limit: sizeInMiB(importLimitBytes) }) : t('rights.read_only')}</p>
    </div>
  );
}

function Verdict({ name, verdict }: { name: string; verdict: ImportVerdict }) {
  const t = useText();
  const { success_count, skipped_count, error_count, total_rows, errors } = verdict;
  const heads = [t('leads.import_row'), t('leads.id'), t('leads.import_field'), t('leads.import_reason')] as const;
  const figures = { total: total_rows, success: success_count, skipped: skipped_count, error: error_count };
  return (
    <section aria-labelledby="verdict-title" className="verdict">
      <h3 id="verdict-title">{t('leads.import_of', { name })}</h3>
      <dl className="figures">
        {(Object.keys(figures) as (keyof typeof figures)[]).map((key) => (
          <div key={key} data-figure={key}>
            <dt>{t(`leads.import_${key}`)}</dt>
            <dd>{count(figures[key])}</dd>
          </div>
        ))}
      </dl>
      {skipped_count > 0 && <p className="hint">{t('leads.import_skipped_why')}</p>}
      {error_count > 0 && (
        <>
          <div className="panel-head">
            <h4>{t('leads.import_rejected')}</h4>
            <Button icon={<DownloadOutlined />} onClick={() => download(rejectedAsCsv(errors, heads), 'rejected.csv')}>
              {t('leads.import_download')}
            </Button>
          </div>
          {errors.length < error_count && (
            <p className="hint">{t('leads.import_first', { shown: errors.length, count: count(error_count) })}</p>
          )}
          <div className="verdict-rows" tabIndex={0} role="region" aria-label={t('leads.import_rejected')}>
            <Table
              size="small"
              rowKey={(row) => `${row.row}-${row.field}`}
              pagination={false}
              dataSource={errors}
              columns={[
                { title: heads[0], dataIndex: 'row', width: 64 },
                { title: heads[1], dataIndex: 'leads_id', ellipsis: true },
                { title: heads[2], dataIndex: 'field', ellipsis: true },
                { title: heads[3], dataIndex: 'reason' },
              ]}
            />
          </div>
        </>
      )}
    </section>
  );
}

export default function ImportDrawer(props: DrawerProps) {
  const t = useText();
  const queries = useQueryClient();
  const [fault, setFault] = useState('');
  const sending = useMutation({
    mutationFn: importFile,
    onSuccess: () => void queries.invalidateQueries({ queryKey: leadSubjects.leads }),
  });
  const take = (file: File): void => {
    const found = faultOfFile(file);
    sending.reset();
    setFault(found ? t(`leads.fault_${found}`, { name: file.name, size: sizeInMiB(file.size), limit: sizeInMiB(importLimitBytes) }) : '');
    if (!found) sending.mutate(file);
  };
  return (
    <SideDrawer {...props} title={t('leads.import')} width={620}>
      <DropZone onFile={take} busy={sending.isPending ? sending.variables.name : ''} />
      <div aria-live="polite">
        {fault && <Alert type="error" showIcon title={fault} />}
        {sending.isError && (
          <Failed error={sending.error} onRetry={() => sending.mutate(sending.variables)} />
        )}
        {sending.isSuccess && <Verdict name={sending.variables.name} verdict={sending.data} />}
      </div>
      <section className="call-part">
        <h3>{t('leads.import_columns')}</h3>
        <ul className="columns-hint">
          {(['leads_id', 'leads_user_name', 'leads_user_phone', 'leads_product', 'leads_type', 'leads_create_time'] as const).map((column) => (
            <li key={column}>
              <code>{column}</code> <span className="hint">{t(`leads.column_${column}`)}</span>
            </li>
          ))}
        </ul>
      </section>
    </SideDrawer>
  );
}
