/** One lead: what is known of it, its follow-ups and its calls. */
import { useQuery } from '@tanstack/react-query';
import { Tag } from 'antd';
import { useLiveQueries } from '../../api/live';
import { leadOf } from '../../api/lead_queries';
import type { Lead } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { Facts, Part } from '../../parts/call_parts';
import { count } from '../../parts/format';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed, Loading } from '../../parts/states';
import { InterestTag, StatusCell } from '../calls/CallTable';

function Follows({ lead }: { lead: Lead }) {
  const t = useText();
  if (lead.follows.length === 0) return <p className="hint">{t('call.follow_up_none')}</p>;
  return (
    <ol className="lead-records">
      {lead.follows.map((follow) => (
        <li key={follow.id} data-follow={follow.id}>
          <div className="lead-record-head">
            <time>{follow.follow_time}</time>
            {follow.is_arrive === 1 && <Tag color="success">{t('leads.arrived_1')}</Tag>}
          </div>
          <p>{follow.leads_remark || '–'}</p>
          {follow.next_follow_time && <p className="hint">{t('leads.next', { time: follow.next_follow_time })}</p>}
        </li>
      ))}
    </ol>
  );
}

function Calls({ lead }: { lead: Lead }) {
  const t = useText();
  const { open } = useDrawers();
  if (lead.calls.length === 0) return <p className="hint">{t('leads.calls_none')}</p>;
  return (
    <ol className="lead-records">
      {lead.calls.map((call) => (
        <li key={call.row_id} data-row={call.row_id}>
          <div className="lead-record-head">
            <button type="button" className="task-card-name" onClick={() => open('calls', { task: call.task_id })}>
              {call.task_name}
            </button>
            <InterestTag call={call} />
          </div>
          <div className="lead-record-head">
            <StatusCell call={call} />
            <time className="hint">{call.updated_time}</time>
          </div>
        </li>
      ))}
    </ol>
  );
}

function Content({ lead }: { lead: Lead }) {
  const t = useText();
  return (
    <>
      <Facts
        facts={[
          [t('leads.id'), lead.leads_id],
          [t('call.phone'), lead.leads_user_phone],
          [t('leads.product'), lead.leads_product],
          [t('leads.type'), lead.leads_type],
          [t('leads.arrived'), t(lead.is_arrive ? 'leads.arrived_1' : 'leads.arrived_0')],
          [t('leads.created'), lead.leads_create_time],
        ]}
      />
      <Part title={t('leads.follows', { count: count(lead.follow_count) })}>
        <Follows lead={lead} />
      </Part>
      <Part title={t('leads.calls', { count: count(lead.call_count) })}>
        <Calls lead={lead} />
      </Part>
    </>
  );
}

export default function LeadDrawer(props: DrawerProps) {
  const t = useText();
  const { search } = useDrawers();
  const id = search.get('lead') ?? '';
  const query = leadOf(id);
  const lead = useQuery({ ...query, enabled: props.open && id !== '' });
  useLiveQueries(['follow'], [query.queryKey], (event) => event.data.leads_id === id);
  return (
    <SideDrawer {...props} title={t('leads.detail', { name: lead.data?.leads_user_name || id })} width={620}>
      {lead.isPending && <Loading />}
      {lead.isError && !lead.data && <Failed error={lead.error} onRetry={() => void lead.refetch()} />}
      {lead.data && <Content lead={lead.data} />}
    </SideDrawer>
  );
}
