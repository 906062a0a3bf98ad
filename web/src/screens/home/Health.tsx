/** How the service is, as far as an operator may know: the daemon, its switch, the node that answers, how the provider answers it. */
import { useQuery } from '@tanstack/react-query';
import { Badge, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { asApiError } from '../../api/errors';
import { autoTask } from '../../api/queries';
import { useText } from '../../i18n';
import { count } from '../../parts/format';

const badges = { ok: 'success', probing: 'warning', failing: 'error' } as const;

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
  const state = useQuery({ ...autoTask, refetchInterval: 15_000 });
  // A refusal is a sign of life, too.
  const down = state.isError && ['network', 'busy', 'broken'].includes(asApiError(state.error).kind);
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
          {state.data && (
            <>
              <Line label={t('home.health_provider')}>
                <Badge
                  status={badges[state.data.provider.state]}
                  text={t(`home.health_provider_${state.data.provider.state}`, { time: state.data.provider.next_try ?? '–' })}
                />
              </Line>
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
              {state.data.silent_nodes.length > 0 && (
                <Line label={t('home.health_silent')}>
                  <Badge status="warning" text={state.data.silent_nodes.join(', ')} />
                </Line>
              )}
              <Line label={t('home.health_sweep')}>{state.data.next_sweep ?? t('home.health_sweep_none')}</Line>
            </>
          )}
        </dl>
      )}
    </section>
  );
}
