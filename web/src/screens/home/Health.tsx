/** How the service is, as far as an operator may know: the daemon, its switch, the node that answers, the provider's trouble. */
import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { Badge, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { asApiError } from '../../api/errors';
import { autoTask, reasonsOfTask, tasksOf } from '../../api/queries';
import { useText } from '../../i18n';
import { count } from '../../parts/format';

/** Tasks that are asked whether the provider fails; the breaker is common to all of them. */
const asked = 3;

type ProviderState = 'ok' | 'tripped' | 'idle';

function useProviderState(): ProviderState {
  const running = useInfiniteQuery(tasksOf([2], 20));
  const ids = (running.data?.pages[0]?.items ?? []).slice(0, asked).map((task) => task.id);
  const reasons = useQueries({ queries: ids.map((id) => ({ ...reasonsOfTask(id), refetchInterval: 15_000 })) });
  if (reasons.some(({ data }) => data?.reasons.some(({ reason }) => reason === 'provider_tripped'))) return 'tripped';
  return reasons.some(({ data }) => data) ? 'ok' : 'idle';
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Health() {
  const t = useText();
  const provider = useProviderState();
  const state = useQuery({ ...autoTask, refetchInterval: 15_000 });
  // A refusal is a sign of life, too.
  const down = state.isError && ['network', 'busy', 'broken'].includes(asApiError(state.error).kind);
  const badge = ({ ok: 'success', tripped: 'error', idle: 'default' } as const)[provider];
  return (
    <section className="panel" aria-labelledby="health-title">
      <div className="panel-head">
        <h2 id="health-title">{t('home.health')}</h2>
      </div>
      {state.isPending && <Skeleton active paragraph={{ rows: 4 }} title={false} />}
      {!state.isPending && (
        <dl className="facts health-facts">
          <Line label={t('home.health_service')}>
            <Badge
              status={down ? 'error' : 'success'}
              text={t(down ? 'home.health_service_down' : 'home.health_service_ok')}
            />
          </Line>
          <Line label={t('home.health_provider')}>
            <Badge status={badge} text={t(`home.health_provider_${provider}`)} />
          </Line>
          {state.data && (
            <>
              <Line label={t('home.health_auto')}>
                <Badge
                  status={state.data.running ? 'success' : 'warning'}
                  text={t(state.data.running ? 'home.health_auto_on' : 'home.health_auto_off')}
                />
              </Line>
              <Line label={t('home.health_node')}>{state.data.node}</Line>
              <Line label={t('home.health_calls')}>
                {t('home.health_calls_text', {
                  live: count(state.data.jobs.live),
                  polling: count(state.data.jobs.polling),
                  waiting: count(state.data.jobs.waiting),
                })}
              </Line>
              <Line label={t('home.health_sweep')}>{state.data.next_sweep ?? t('home.health_sweep_none')}</Line>
            </>
          )}
        </dl>
      )}
    </section>
  );
}
