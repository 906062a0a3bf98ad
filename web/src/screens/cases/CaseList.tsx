/** Calls to parties of cases, newest first, with their numbers; from here a case is opened. */
import { useQuery } from '@tanstack/react-query';
import { Button, Form, Input, Pagination, Tag } from 'antd';
import { Link, useNavigate, useSearchParams } from 'react-router-dom';
import { callTypes, caseCallsOf, caseFigures, useLiveCases } from '../../api/case_calls';
import type { CaseCall } from '../../api/types';
import { useText } from '../../i18n';
import { Choice } from '../../parts/Choice';
import { count, maskedPhone } from '../../parts/format';
import { Failed, Loading, Nothing } from '../../parts/states';
import { filterOf, filterStates, isCaseId, stateOfCall } from './case_view';
import './cases.css';

function Figures() {
  const t = useText();
  const { data } = useQuery(caseFigures);
  if (!data) return null;
  const names = ['totalCalls', 'activeCalls', 'succeededCalls', 'failedCalls', 'cancelledCalls'] as const;
  return (
    <dl className="figures panel">
      {names.map((name) => (
        <div key={name} data-figure={name}>
          <dt>{t(`case.figure.${name}`)}</dt>
          <dd>{count(data[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

function Finder() {
  const t = useText();
  const navigate = useNavigate();
  return (
    <Form<{ ref: string }> className="case-finder" requiredMark={false} onFinish={({ ref }) => void navigate(`/cases/${ref.trim()}`)}>
      <Form.Item
        name="ref"
        label={t('case.find')}
        rules={[{ validator: (_, text: string | undefined) => (isCaseId((text ?? '').trim()) ? Promise.resolve() : Promise.reject(new Error(t('case.find_wrong')))) }]}
        validateTrigger="onSubmit"
      >
        <Input allowClear />
      </Form.Item>
      <Button type="primary" htmlType="submit">
        {t('case.find_open')}
      </Button>
    </Form>
  );
}

function Row({ call }: { call: CaseCall }) {
  const t = useText();
  const { text, color } = stateOfCall(call);
  return (
    <li className="case-row" data-case-call={call.id} data-status={call.callStatus}>
      <div>
        <b>{call.personName || call.personId}</b> <span className="hint">{maskedPhone(call.phoneNumber)}</span>
        <p className="hint">
          {t(`case.side.${call.personType}`)} · {t(`case.type.${call.callType}`)} · {t('case.round', { round: call.round })}
        </p>
      </div>
      <span className="status-cell">
        <Tag color={color}>{text}</Tag>
        {call.outcomeText && <small lang="zh-CN">{call.outcomeText}</small>}
      </span>
      <time className="hint">{call.requestTime}</time>
      <Link to={`/cases/${encodeURIComponent(call.caseRef)}`}>{t('case.title', { case: call.caseRef })}</Link>
    </li>
  );
}

export default function CaseList() {
  const t = useText();
  const [search, setSearch] = useSearchParams();
  const filter = filterOf(search);
  const page = useQuery(caseCallsOf(filter));
  useLiveCases();
  const change = (name: string, value: string): void =>
    setSearch((now) => {
      const next = new URLSearchParams(now);
      next.delete('page');
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  return (
    <div className="case-page">
      <h1>{t('case.list')}</h1>
      <p className="hint">{t('case.list_hint')}</p>
      <Figures />
      <section className="panel">
        <div className="case-tools">
          <Finder />
          <Choice
            label={t('case.filter_status')}
            value={filter.status}
            onChange={(value) => change('status', value)}
            options={[{ value: '', label: t('case.filter_all_status') }, ...filterStates.map((value) => ({ value, label: t(`case.state.${value}`) }))]}
          />
          <Choice
            label={t('case.filter_type')}
            value={filter.type}
            onChange={(value) => change('type', value)}
            options={[{ value: '', label: t('case.filter_all_types') }, ...callTypes.map((value) => ({ value, label: t(`case.type.${value}`) }))]}
          />
        </div>
        {page.isPending && <Loading />}
        {page.isError && <Failed error={page.error} onRetry={() => void page.refetch()} />}
        {page.data?.items.length === 0 && <Nothing text={t('case.none')} />}
        {page.data && page.data.items.length > 0 && (
          <>
            <ul className="case-rows">
              {page.data.items.map((call) => (
                <Row key={call.id} call={call} />
              ))}
            </ul>
            <Pagination
              className="calls-pages"
              simple
              align="end"
              current={page.data.pagination.page}
              pageSize={page.data.pagination.page_size}
              total={page.data.pagination.total}
              onChange={(next) => change('page', String(next))}
            />
          </>
        )}
      </section>
    </div>
  );
}
