/** Calls to parties of cases that are under way, at the bottom right of every page: a bubble each, or an icon with their number. */
import { MinusOutlined, PhoneFilled } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Grid, Tag } from 'antd';
import { useEffect, useRef, useSyncExternalStore, type KeyboardEvent } from 'react';
import { Link } from 'react-router-dom';
import { daemonClockBy, liveCaseCalls, useLiveCases } from '../../api/case_calls';
import type { CaseCall } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { clock } from '../../parts/format';
import { useNow } from '../../parts/now';
import { statusOf } from '../calls/call_view';
import { choice, elapsed, isOpen, stackOf } from './widget_view';
import './widget.css';

function stateOf(call: CaseCall): { text: string; color: string } {
  return statusOf({ Status: call.callStatus, StatusText: call.callStatusText });
}

function Elapsed({ call, difference }: { call: CaseCall; difference: number | undefined }) {
  const t = useText();
  const ms = elapsed(call, useNow(), difference);
  // A timer is not read out as it ticks.
  return (
    <span role="timer" className="call-bubble-time">
      {t('widget.elapsed', { time: ms === null ? '--:--' : clock(ms) })}
    </span>
  );
}

function Bubble({ call, difference }: { call: CaseCall; difference: number | undefined }) {
  const t = useText();
  const { text, color } = stateOf(call);
  return (
    <li className="call-bubble" data-case-call={call.id} data-status={call.callStatus}>
      <div className="call-bubble-head">
        <b title={call.personName}>{call.personName || call.personId}</b>
        <Tag color={color}>{text}</Tag>
      </div>
      <div className="call-bubble-foot">
        <span>
          {t(`case.side.${call.personType}`)} · {t(`case.type.${call.callType}`)}
        </span>
        <Elapsed call={call} difference={difference} />
      </div>
      <Link to={`/cases/${encodeURIComponent(call.caseRef)}`} aria-label={t('widget.go', { case: call.caseRef })}>
        {t('widget.case', { case: call.caseRef })}
      </Link>
    </li>
  );
}

/** Said when a call begins, changes or ends; not as time goes by. */
function Told({ calls }: { calls: readonly CaseCall[] }) {
  const t = useText();
  const named = calls.map((call) => t('widget.told_call', { name: call.personName || call.personId, status: stateOf(call).text }));
  return (
    <p className="visually-hidden" aria-live="polite">
      {calls.length === 0 ? t('widget.none') : t('widget.told', { count: calls.length, calls: named.join(', ') })}
    </p>
  );
}

export default function CallWidget() {
  const t = useText();
  const wide = Grid.useBreakpoint().md ?? window.innerWidth >= 768;
  const chosen = useSyncExternalStore(choice.subscribe, choice.get);
  const { data } = useQuery(liveCaseCalls);
  useLiveCases();
  const calls = stackOf(data?.items ?? []);
  const first = calls[0]?.caseRef ?? '';
  const difference = useQuery({ ...daemonClockBy(first), enabled: first !== '' }).data;
  const { stack } = useDrawers();
  const open = isOpen(chosen, calls.length, wide && stack.length === 0);
  const more = (data?.pagination.total ?? 0) - (data?.items.length ?? 0);
  const icon = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLElement>(null);
  // The focus goes along when somebody opens or minimises, and stays where it is otherwise.
  const moved = useRef(false);
  useEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    if (open) panel.current?.querySelector('button')?.focus();
    else icon.current?.focus();
  }, [open]);
  const choose = (next: 'open' | 'minimised'): void => {
    moved.current = true;
    choice.set(next);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') choose('minimised');
  };
  return (
    <aside className="call-widget" aria-label={t('widget.title')}>
      <Told calls={calls} />
      {!open && (
        <button
          ref={icon}
          type="button"
          className="call-widget-icon"
          aria-expanded={false}
          aria-label={t('widget.open', { count: calls.length + more })}
          onClick={() => choose('open')}
        >
          <PhoneFilled aria-hidden />
          {calls.length > 0 && <span className="call-widget-badge">{calls.length + more}</span>}
        </button>
      )}
      {open && (
        <section ref={panel} className="call-widget-panel" onKeyDown={onKeyDown}>
          <div className="call-widget-head">
            <h2>{t('widget.title')}</h2>
            <Button
              type="text"
              size="small"
              icon={<MinusOutlined />}
              aria-expanded
              aria-label={t('widget.minimise')}
              onClick={() => choose('minimised')}
            />
          </div>
          {calls.length === 0 && <p className="call-widget-none">{t('widget.none')}</p>}
          {calls.length > 0 && (
            <ul className="call-bubbles" tabIndex={0} aria-label={t('widget.title')}>
              {calls.map((call) => (
                <Bubble key={call.id} call={call} difference={difference} />
              ))}
            </ul>
          )}
          {more > 0 && <p className="hint">{t('widget.more', { count: more })}</p>}
        </section>
      )}
    </aside>
  );
}
