/** A page of calls: a virtual table where there is room for one, cards on a narrow screen. */
import { Grid, Tag, type TableColumnsType } from 'antd';
import { useSyncExternalStore } from 'react';
import type { CallFilter } from '../../api/queries';
import type { CallJob, ExecutionPage } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { clock, count, maskedPhone } from '../../parts/format';
import { PageBar, PageTable } from '../../parts/page_table';
import { Nothing } from '../../parts/states';
import { isInterest, lastAttempt, pageSizes, statusOf } from './call_view';

/** Of the window's height, taken by everything around the table. */
const aroundTable = 470;

function useWindowHeight(): number {
  return useSyncExternalStore(
    (listener) => {
      window.addEventListener('resize', listener);
      return () => window.removeEventListener('resize', listener);
    },
    () => window.innerHeight,
  );
}

export function StatusCell({ call }: { call: CallJob }) {
  const { text, color } = statusOf(call);
  const reason = call.DispositionText || lastAttempt(call)?.StatusText || '';
  return (
    <span className="status-cell" data-status={call.Status}>
      <Tag color={color}>{text}</Tag>
      {reason && <small lang="zh-CN">{reason}</small>}
    </span>
  );
}

export function InterestTag({ call }: { call: CallJob }) {
  const t = useText();
  if (!isInterest(call.is_interested)) return <span className="hint">{t('interest.none')}</span>;
  const color = (['default', 'success', 'warning'] as const)[call.is_interested];
  return <Tag color={color}>{t(`interest.${call.is_interested}`)}</Tag>;
}

/** `place`: the page that holds the call, where it is not the one in the address. */
export function LeadButton({ call, place = {} }: { call: CallJob; place?: { page: number; size: number } | Record<never, never> }) {
  const t = useText();
  const { open } = useDrawers();
  const name = call.LeadsName || t('calls.unnamed');
  return (
    <button
      type="button"
      className="lead-button"
      title={t('calls.open', { name })}
      onClick={(event) => {
        event.stopPropagation();
        open('call', { call: call.row_id, ...place });
      }}
    >
      <b>{name}</b>
      <span>{maskedPhone(call.LeadsPhone)}</span>
    </button>
  );
}

export function durationOf(call: CallJob): string {
  const attempt = lastAttempt(call);
  return attempt && attempt.Duration > 0 ? clock(attempt.Duration) : '–';
}

export function FollowCell({ call }: { call: CallJob }) {
  const remark = call.follow_data?.leads_remark;
  return remark ? (
    <span className="remark" title={remark}>
      {remark}
    </span>
  ) : (
    <span className="hint">–</span>
  );
}

function Cards({ calls }: { calls: readonly CallJob[] }) {
  return (
    <ul className="call-cards">
      {calls.map((call) => (
        <li key={call.row_id} data-row={call.row_id}>
          <div>
            <LeadButton call={call} />
            <span>{durationOf(call)}</span>
          </div>
          <div>
            <StatusCell call={call} />
            <InterestTag call={call} />
          </div>
          {call.follow_data && <FollowCell call={call} />}
        </li>
      ))}
    </ul>
  );
}

function Rows({ calls, updating }: { calls: readonly CallJob[]; updating: boolean }) {
  const t = useText();
  const height = useWindowHeight();
  const { open } = useDrawers();
  const columns: TableColumnsType<CallJob> = [
    { key: 'lead', title: t('calls.lead'), width: 200, render: (_, call) => <LeadButton call={call} /> },
    { key: 'status', title: t('calls.status'), width: 210, render: (_, call) => <StatusCell call={call} /> },
    { key: 'duration', title: t('calls.duration'), width: 90, align: 'right', render: (_, call) => durationOf(call) },
    { key: 'interest', title: t('calls.interest'), width: 110, render: (_, call) => <InterestTag call={call} /> },
    { key: 'follow', title: t('calls.follow_up'), width: 300, render: (_, call) => <FollowCell call={call} /> },
  ];
  return (
    <PageTable<CallJob>
      label={t('calls.table')}
      rowKey="row_id"
      columns={columns}
      rows={calls}
      updating={updating}
      scroll={{ x: 910, y: Math.max(320, height - aroundTable) }}
      onOpen={(call) => open('call', { call: call.row_id })}
    />
  );
}

export function CallTable({ page, filter, updating }: { page: ExecutionPage; filter: CallFilter; updating: boolean }) {
  const t = useText();
  const wide = Grid.useBreakpoint().md ?? window.innerWidth >= 768;
  const { change } = useDrawers();
  if (page.jobs_data.length === 0) return <Nothing text={t('calls.none')} />;
  return (
    <>
      {wide ? <Rows calls={page.jobs_data} updating={updating} /> : <Cards calls={page.jobs_data} />}
      <PageBar
        wide={wide}
        page={page.pagination.page}
        pageSize={filter.pageSize}
        total={page.pagination.total_count}
        pageSizes={pageSizes}
        totalText={(total) => t('calls.page_total', { count: count(total) })}
        onPage={(next, size) => change({ page: next, size, call: null })}
      />
    </>
  );
}
