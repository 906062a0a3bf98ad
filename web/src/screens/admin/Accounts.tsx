/** DCC accounts page by page: makes, enables and disables them. */
import { PlusOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Tag } from 'antd';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import type { DccAccount } from '../../api/types';
import { useText } from '../../i18n';
import { NewAccount } from './NewAccount';
import { PagedRows } from './PagedRows';
import { accountsOf, adminSubjects } from './queries';

function Account({ of }: { of: DccAccount }) {
  const t = useText();
  const { message, modal } = App.useApp();
  const queries = useQueryClient();
  const isOn = of.user_status === 1;
  const change = useMutation({
    mutationFn: (user_status: 0 | 1) =>
      answer(api.PUT('/api/dcc/user/{id}/status', { params: { path: { id: of.id }, query: { user_status } } })),
    onSuccess: () => void message.success(t('admin.account_changed')),
    onError: (thrown) => void message.error(asApiError(thrown).message),
    onSettled: () => void queries.invalidateQueries({ queryKey: adminSubjects.accounts }),
  });
  const ask = (): void => {
    if (!isOn) return change.mutate(1);
    void modal.confirm({
      title: t('admin.account_disable_of', { name: of.user_name }),
      content: t('admin.account_disable_text'),
      okText: t('admin.account_disable'),
      cancelText: t('action.cancel'),
      okButtonProps: { danger: true },
      onOk: () => change.mutateAsync(0).then(() => undefined, () => undefined),
    });
  };
  return (
    <li data-account={of.user_name} data-status={of.user_status}>
      <div className="admin-row-name">
        <b>{of.user_name}</b>
        <p className="hint">
          {`${t('admin.account_organization')} ${of.user_org_id} · ${t('admin.created_at', { time: of.create_time })}`}
        </p>
      </div>
      <Tag color={isOn ? 'success' : 'default'}>{t(isOn ? 'admin.account_on' : 'admin.account_off')}</Tag>
      <Button
        danger={isOn}
        loading={change.isPending}
        aria-label={t(isOn ? 'admin.account_disable_of' : 'admin.account_enable_of', { name: of.user_name })}
        onClick={ask}
      >
        {t(isOn ? 'admin.account_disable' : 'admin.account_enable')}
      </Button>
    </li>
  );
}

export function Accounts() {
  const t = useText();
  const [page, setPage] = useState(1);
  const [making, setMaking] = useState(false);
  const accounts = useQuery(accountsOf(page));
  return (
    <section className="panel" aria-label={t('admin.tab.accounts')}>
      <div className="panel-head">
        <p className="hint">{t('admin.accounts_hint')}</p>
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
          {t('admin.account_new')}
        </Button>
      </div>
      <PagedRows
        of={accounts}
        none={t('admin.accounts_none')}
        row={(account) => <Account key={account.id} of={account} />}
        onPage={setPage}
      />
      {making && <NewAccount onClose={() => setMaking(false)} />}
    </section>
  );
}
