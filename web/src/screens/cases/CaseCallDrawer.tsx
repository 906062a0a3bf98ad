/** One call to a party of a case: how it went, its recording, what was said, and everything that happened to it. */
import { useQuery } from '@tanstack/react-query';
import { Skeleton, Tag, Timeline } from 'antd';
import { caseCallOf, conversationOf, historyOf, useLiveCases } from '../../api/case_calls';
import type { CaseCall } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { Conversation, Facts, Part } from '../../parts/call_parts';
import { clock } from '../../parts/format';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed, Loading } from '../../parts/states';
import { readableLines } from '../calls/call_view';
import { stateOfCall } from './case_view';
import './cases.css';

/** The provider's text, which may hold anything. */
function linesIn(text: string) {
  try {
    const lines: unknown = JSON.parse(text);
    return Array.isArray(lines) ? readableLines(lines) : [];
  } catch {
    return [];
  }
}

function Said({ call }: { call: CaseCall }) {
  const t = useText();
  const said = useQuery(conversationOf(call.jobId));
  const name = call.personName || call.personId;
  if (said.isPending) return <Skeleton active title={false} />;
  if (said.isError) return <Failed error={said.error} onRetry={() => void said.refetch()} />;
  const entry = said.data[0];
  const duration = entry?.duration ?? null;
  return (
    <>
      <Part title={t('call.recording')}>
        {entry?.recordUrl ? (
          // The conversation beside it says the same in words.
          <audio controls preload="none" src={entry.recordUrl} aria-label={t('call.recording_player', { name })} className="player" />
        ) : (
          <p className="hint">{t('call.recording_none')}</p>
        )}
      </Part>
      <Part
        title={t('call.transcript')}
        extra={duration !== null && <span className="hint">{`${t('case.length')} ${clock(duration * 1000)}`}</span>}
      >
        <Conversation lines={linesIn(entry?.conversations ?? '[]')} />
      </Part>
    </>
  );
}

function History({ jobId }: { jobId: string }) {
  const t = useText();
  const history = useQuery(historyOf(jobId));
  if (history.isPending) return <Skeleton active title={false} />;
  if (history.isError) return <Failed error={history.error} onRetry={() => void history.refetch()} />;
  if (history.data.items.length === 0) return <p className="hint">{t('call.timeline_none')}</p>;
  return (
    <Timeline
      className="history"
      items={history.data.items.map(({ time, event, eventText, cause, details }) => ({
        color: event === 'batch_failed' || event === 'parked' ? 'red' : 'blue',
        content: (
          <div data-event={event}>
            <b lang="zh-CN">{eventText}</b> <time className="hint">{time}</time>
            {cause && <div className="hint">{cause}</div>}
            {details.message && <div className="hint">{details.message}</div>}
          </div>
        ),
      }))}
    />
  );
}

function Content({ call }: { call: CaseCall }) {
  const t = useText();
  const { text, color } = stateOfCall(call);
  return (
    <>
      <div className="call-head" data-status={call.callStatus}>
        <Tag color={color}>{text}</Tag>
        <span className="hint">{t('case.round', { round: call.round })}</span>
      </div>
      {call.monitorError && <p className="case-trouble" lang="zh-CN">{call.monitorError}</p>}
      <Facts
        facts={[
          [t('case.case'), call.caseRef],
          [t('case.person_type'), t(`case.side.${call.personType}`)],
          [t('call.phone'), call.phoneNumber],
          [t('case.stage'), t(`case.type.${call.callType}`)],
          [t('case.requested_at'), call.requestTime],
          [t('case.result'), call.outcomeText],
          [t('case.attempt'), call.attemptStatusText],
          [t('case.creator'), call.creator],
          [t('case.note'), call.remark],
        ]}
      />
      <Said call={call} />
      <Part title={t('call.timeline')}>
        <History jobId={call.jobId} />
      </Part>
    </>
  );
}

export default function CaseCallDrawer(props: DrawerProps) {
  const t = useText();
  const { search } = useDrawers();
  const jobId = search.get('job') ?? '';
  const call = useQuery({ ...caseCallOf(jobId), enabled: props.open && jobId !== '' });
  useLiveCases();
  const name = call.data?.personName || call.data?.personId || '';
  return (
    <SideDrawer {...props} title={t('case.call_title', { name })} width={620}>
      {call.isPending && <Loading />}
      {call.isError && !call.data && <Failed error={call.error} onRetry={() => void call.refetch()} />}
      {call.data && <Content key={call.data.id} call={call.data} />}
    </SideDrawer>
  );
}
