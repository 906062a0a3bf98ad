/** What administrators see and change: users, DCC accounts, organisations, configuration, nodes. Others are told why not. */
import { useQuery } from '@tanstack/react-query';
import { Result } from 'antd';
import { Link, useSearchParams } from 'react-router-dom';
import { asApiError } from '../../api/errors';
import { useText } from '../../i18n';
import { Failed, Loading } from '../../parts/states';
import { useRights } from '../../app/rights';
import { Accounts } from './Accounts';
import { Cluster } from './Cluster';
import { ConfigCheck } from './ConfigCheck';
import { Organizations } from './Organizations';
import { configCheck } from './queries';
import { Users } from './Users';
import './admin.css';

const tabs = [
  { key: 'users', Content: Users },
  { key: 'accounts', Content: Accounts },
  { key: 'organizations', Content: Organizations },
  { key: 'config', Content: ConfigCheck },
  { key: 'cluster', Content: Cluster },
] as const;

/** Links, not tabs: each part has an address, and they wrap where there is little room. */
function Parts() {
  const t = useText();
  const [search] = useSearchParams();
  const { key: shown, Content } = tabs.find(({ key }) => key === search.get('tab')) ?? tabs[0];
  return (
    <>
      <nav aria-label={t('admin.title')} className="admin-tabs">
        {tabs.map(({ key }) => (
          <Link key={key} to={`?tab=${key}`} data-tab={key} aria-current={key === shown ? 'page' : undefined}>
            {t(`admin.tab.${key}`)}
          </Link>
        ))}
      </nav>
      <Content />
    </>
  );
}

export default function Admin() {
  const t = useText();
  const { mayAdminister } = useRights();
  const gate = useQuery({ ...configCheck, enabled: mayAdminister });
  if (!mayAdminister || (gate.isError && asApiError(gate.error).kind === 'forbidden')) {
    return <Result status="403" title={t('admin.refused')} subTitle={t('admin.refused_hint')} />;
  }
  if (gate.isPending) return <Loading />;
  return (
    <div className="admin-page">
      <h1>{t('admin.title')}</h1>
      {gate.isError ? <Failed error={gate.error} onRetry={() => void gate.refetch()} /> : <Parts />}
    </div>
  );
}
