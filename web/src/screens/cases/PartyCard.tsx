/** A party of a case: who, how each round went, why there is no call, and what can be done about it. */
import { PhoneOutlined, StopOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Tag } from 'antd';
import { useState } from 'react';
import { caseSubject } from '../../api/case_calls';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import type { CaseCall, CaseRecord } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { maskedPhone } from '../../parts/format';
import { WriteButton } from '../../parts/WriteButton';
import { remember, type Answer } from './case_answers';
import { stateOfCall, type PartyState } from './case_view';
import { CancelModal } from './CancelModal';

export function RoundRow({ call }: { call: CaseCall }) {
  const t = useText();
  const { open } = useDrawers();
  const { text, color } = stateOfCall(call);
  const words = (
    <>
      <b>{t('case.round', { round: call.round })}</b> <span>{t(`case.type.${call.callType}`)}</span>
    </>
  );
  return (
    <li className="case-round" data-case-call={call.id} data-status={call.callStatus}>
      {call.jobId ? (
        <button
          type="button"
          className="case-round-open"
          onClick={() => open('case-call', { job: call.jobId })}
        >
          {words}
          <span className="visually-hidden">{t('case.show', { name: call.personName || call.personId })}</span>
        </button>
      ) : (
        <span className="case-round-open">{words}</span>
      )}
      <span className="status-cell">
        <Tag color={color}>{text}</Tag>
        {call.outcomeText && <small lang="zh-CN">{call.outcomeText}</small>}
        {!call.jobId && call.outcome === '' && <small>{t('case.unplaced')}</small>}
      </span>
      <time className="hint">{call.requestTime}</time>
      {call.monitorError && <small className="case-trouble" lang="zh-CN">{call.monitorError}</small>}
    </li>
  );
}

function Refusal({ of }: { of: Answer }) {
  const t = useText();
  return (
    <Alert
      type={of.errorCode === 1003 ? 'error' : 'warning'}
      showIcon
      className="case-refusal"
      data-code={of.errorCode}
      title={<span lang="zh-CN">{of.message}</span>}
      description={
        of.startTime !== null && of.callInterval !== null
          ? t('case.next_round', { time: of.startTime, minutes: of.callInterval })
          : undefined
      }
    />
  );
}

export function PartyCard({ of, state }: { of: CaseRecord; state: PartyState }) {
  const t = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [cancelling, setCancelling] = useState<CaseCall | null>(null);
  const { party, calls, active, refusal } = state;
  const name = party.name || party.personId;
  const call = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v1/outbound-bot/call-v2', {
          body: { caseId: of.caseId, mediationId: of.mediationId, callAuto: 1, callPersonId: party.personId },
        }),
      ),
    onSuccess: (entries) => {
      remember(of.caseId, entries);
      const entry = entries.find(({ personId }) => personId === party.personId);
      if (entry?.errorCode === 0) void message.success(t('case.call_done', { name }));
      else void message.warning(t('case.call_refused', { name, message: entry?.message ?? '' }));
    },
    onError: (thrown) => void message.error(asApiError(thrown).message),
    onSettled: () => void queries.invalidateQueries({ queryKey: caseSubject }),
  });
  return (
    <li className="panel case-party" data-person={party.personId}>
      <div className="panel-head">
        <h3 title={name}>{name}</h3>
        <Tag>{t(`case.side.${party.personType}`)}</Tag>
      </div>
      <p className="hint">{party.phoneNumber ? maskedPhone(party.phoneNumber) : t('case.no_phone')}</p>
      {refusal && <Refusal of={refusal} />}
      {calls.length === 0 && <p className="hint">{t('case.never')}</p>}
      <ul className="case-rounds">
        {calls.map((one) => (
          <RoundRow key={one.id} call={one} />
        ))}
      </ul>
      <div className="case-party-foot">
        {active ? (
          <WriteButton
            danger
            icon={<StopOutlined />}
            disabled={!active.jobId}
            aria-label={t('case.cancel_of', { name })}
            onClick={() => setCancelling(active)}
          >
            {t('case.cancel')}
          </WriteButton>
        ) : (
          <WriteButton
            icon={<PhoneOutlined />}
            loading={call.isPending}
            aria-label={t('case.call_of', { name })}
            onClick={() => call.mutate()}
          >
            {t('case.call')}
          </WriteButton>
        )}
      </div>
      {cancelling && <CancelModal call={cancelling} name={name} onClose={() => setCancelling(null)} />}
    </li>
  );
}
