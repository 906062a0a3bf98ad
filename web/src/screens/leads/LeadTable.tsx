/** A page of leads: a table where there is room for one, cards on a narrow screen. */
import { Grid, Tag, type TableColumnsType } from 'antd';
import type { LeadItem, LeadPage } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { count, maskedPhone } from '../../parts/format';
import { PageBar, PageTable } from '../../parts/page_table';
import { leadPageOf, pageSizes } from './lead_view';

const tableHeight = 560;

function LeadButton({ lead }: { lead: LeadItem }) {
  const t = useText();
  const { open } = useDrawers();
  const name = lead.leads_user_name || t('calls.unnamed');
  return (
    <button
      type="button"
      className="lead-button"
      title={t('leads.open', { name })}
      onClick={(event) => {
        event.stopPropagation();
        open('lead', { lead: lead.leads_id });
      }}
    >
      <b>{name}</b>
      <span>{maskedPhone(lead.leads_user_phone) || t('leads.no_phone')}</span>
    </button>
  );
}

function Arrived({ lead }: { lead: LeadItem }) {
  const t = useText();
  return <Tag color={lead.is_arrive ? 'success' : 'default'}>{t(lead.is_arrive ? 'leads.arrived_1' : 'leads.arrived_0')}</Tag>;
}

function Remark({ lead }: { lead: LeadItem }) {
  const remark = lead.latest_follow?.leads_remark;
  if (!remark) return <span className="hint">–</span>;
  return (
    <span className="remark" title={remark}>
      {remark}
    </span>
  );
}

function Cards({ leads }: { leads: readonly LeadItem[] }) {
  return (
    <ul className="call-cards">
      {leads.map((lead) => (
        <li key={lead.id} data-lead={lead.leads_id}>
          <div>
            <LeadButton lead={lead} />
            <Arrived lead={lead} />
          </div>
          <div className="hint">
            <span>{[lead.leads_product, lead.leads_type].filter(Boolean).join(' · ') || '–'}</span>
            <span>{lead.leads_id}</span>
          </div>
          {lead.latest_follow && <Remark lead={lead} />}
        </li>
      ))}
    </ul>
  );
}

function Rows({ leads, updating }: { leads: readonly LeadItem[]; updating: boolean }) {
  const t = useText();
  const { open } = useDrawers();
  const columns: TableColumnsType<LeadItem> = [
    { key: 'lead', title: t('leads.lead'), width: 200, render: (_, lead) => <LeadButton lead={lead} /> },
    { key: 'id', title: t('leads.id'), width: 140, ellipsis: true, dataIndex: 'leads_id' },
    { key: 'product', title: t('leads.product'), width: 120, ellipsis: true, render: (_, lead) => lead.leads_product || '–' },
    { key: 'type', title: t('leads.type'), width: 100, ellipsis: true, render: (_, lead) => lead.leads_type || '–' },
    { key: 'arrived', title: t('leads.arrived'), width: 100, render: (_, lead) => <Arrived lead={lead} /> },
    { key: 'time', title: t('leads.latest_follow'), width: 180, render: (_, lead) => lead.latest_follow?.follow_time ?? '–' },
    { key: 'remark', title: t('leads.remark'), width: 280, render: (_, lead) => <Remark lead={lead} /> },
  ];
  return (
    <PageTable<LeadItem>
      label={t('leads.title')}
      rowKey="id"
      columns={columns}
      rows={leads}
      updating={updating}
      scroll={{ x: 1120, y: tableHeight }}
      onOpen={(lead) => open('lead', { lead: lead.leads_id })}
    />
  );
}

export function LeadTable({ page, updating }: { page: LeadPage; updating: boolean }) {
  const t = useText();
  const { search, change } = useDrawers();
  const wide = Grid.useBreakpoint().md ?? window.innerWidth >= 768;
  const { pageSize } = leadPageOf(search);
  return (
    <>
      {wide ? <Rows leads={page.items} updating={updating} /> : <Cards leads={page.items} />}
      <PageBar
        wide={wide}
        page={page.pagination.page}
        pageSize={pageSize}
        total={page.pagination.total}
        pageSizes={pageSizes}
        totalText={(total) => t('task.leads', { count: count(total) })}
        onPage={(next, size) => change({ p: next, n: size })}
      />
    </>
  );
}
