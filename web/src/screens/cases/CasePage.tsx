/** A case: opening it has its parties called; shows who they are, how each round went, and what became of the last request. */
import { ArrowLeftOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Alert, Button } from 'antd';
import { Link, useParams } from 'react-router-dom';
import { caseOf, useLiveCases } from '../../api/case_calls';
import { useText } from '../../i18n';
import { Facts } from '../../parts/call_parts';
import { count } from '../../parts/format';
import { Failed, Loading } from '../../parts/states';
import { useAnswers } from './case_answers';
import type { VisitState } from './case_visit';
import { formerCalls, partialSuccess, partiesOf } from './case_view';
import { PartyCard, RoundRow } from './PartyCard';
import { useVisit } from './visits';
import './cases.css';

/** What became of having the parties called by opening the case. */
function Visit({ caseId, state, again }: { caseId: string; state: VisitState; again: () => void }) {
  const t = useText();
  const answers = useAnswers(caseId);
  if (state.phase === 'failed') {
    if (state.error.kind === 'forbidden') return <Alert type="info" showIcon data-visit="read_only" title={t('case.visit.read_only')} />;
    return (
      <Alert
        type="error"
        showIcon
        data-visit="failed"
        title={t('case.visit.failed')}
        description={state.error.message}
        action={<Button onClick={again}>{t('state.retry')}</Button>}
      />
    );
  }
  const partial = state.phase === 'calling' ? null : partialSuccess(answers);
  return (
    <>
      <Alert type={state.phase === 'called' && !partial ? 'success' : 'info'} showIcon data-visit={state.phase} title={t(`case.visit.${state.phase}`)} />
      {partial && (
        <Alert
          type="warning"
          showIcon
          data-visit="partial"
          title={partial.called > 0 ? t('case.visit.partial', partial) : t('case.visit.none')}
        />
      )}
    </>
  );
}

function Content({ caseId }: { caseId: string }) {
  const t = useText();
  const visit = useVisit(caseId);
  const answers = useAnswers(caseId);
  const { data: of, error, refetch } = useQuery(caseOf(caseId));
  useLiveCases();
  if (!of) return error ? <Failed error={error} onRetry={() => (visit.again(), void refetch())} /> : <Loading />;
  const former = formerCalls(of);
  return (
    <>
      <div className="case-visit" aria-live="polite">
        <Visit caseId={caseId} {...visit} />
      </div>
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      <section className="panel case-facts">
        <Facts
          facts={[
            [t('case.stage'), t(`case.type.${of.callType}`)],
            [t('case.mediation'), of.mediationId],
            [t('case.calls_count'), count(of.callCount)],
            [t('case.updated'), of.updateTime],
          ]}
        />
      </section>
      <h2 className="case-heading">{t('case.parties')}</h2>
      <ul className="case-parties">
        {partiesOf(of, answers).map((state) => (
          <PartyCard key={state.party.personId} of={of} state={state} />
        ))}
      </ul>
      {former.length > 0 && (
        <section className="panel case-former">
          <h2 className="case-heading">{t('case.former')}</h2>
          <ul className="case-rounds">
            {former.map((call) => (
              <RoundRow key={call.id} call={call} />
            ))}
          </ul>
        </section>
      )}
      {of.callCount > of.calls.length && <p className="hint">{t('case.calls_limit', { count: of.calls.length })}</p>}
    </>
  );
}

export default function CasePage() {
  const t = useText();
  const { ref = '' } = useParams();
  return (
    <div className="case-page">
      <Link to="/cases" className="case-back">
        <ArrowLeftOutlined aria-hidden /> {t('case.back')}
      </Link>
      <h1>{t('case.title', { case: ref })}</h1>
      <Content key={ref} caseId={ref} />
    </div>
  );
}
