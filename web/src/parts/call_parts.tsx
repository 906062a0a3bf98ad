/** How a call is shown, whoever was called: its parts, its facts, and what was said. */
import { RobotOutlined, UserOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useText } from '../i18n';
import type { Line } from '../screens/calls/call_view';
import { clock } from './format';

export function Part({ title, extra, children }: { title: string; extra?: ReactNode; children: ReactNode }) {
  return (
    <section className="call-part">
      <div className="panel-head">
        <h3>{title}</h3>
        {extra}
      </div>
      {children}
    </section>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [label: string, value: ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value || '–'}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Conversation({ lines }: { lines: readonly Line[] }) {
  const t = useText();
  if (lines.length === 0) return <p className="hint">{t('call.transcript_none')}</p>;
  const begin = lines.find((line) => line.at > 0)?.at ?? 0;
  return (
    <ol className="conversation">
      {lines.map((line, index) => (
        <li key={index} className={line.robot ? 'said-by-robot' : 'said-by-contact'}>
          <span className="speaker">
            {line.robot ? <RobotOutlined aria-hidden /> : <UserOutlined aria-hidden />}
            {t(line.robot ? 'call.robot' : 'call.contact')}
            {line.at > 0 && <time>{clock(line.at - begin)}</time>}
          </span>
          <p lang="zh-CN">{line.text}</p>
        </li>
      ))}
    </ol>
  );
}
