/** Users page by page, found by name, phone or organisation, and the role of each, which is changed after a question. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Input, Tag } from 'antd';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import type { User, UserRole } from '../../api/types';
import { useSession } from '../../app/session';
import { useText } from '../../i18n';
import { Choice } from '../../parts/Choice';
import { useSettled } from '../../parts/useSettled';
import { PagedRows } from './PagedRows';
import { adminSubjects, usersOf } from './queries';

const roles: readonly UserRole[] = ['admin', 'operator', 'viewer'];
/** Typing rests for so long before the list is asked for. */
const restMs = 250;

function UserRow({ of, isSelf }: { of: User; isSelf: boolean }) {
  const t = useText();
  const { message, modal } = App.useApp();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (role: UserRole) => answer(api.PUT('/api/users/{id}/role', { params: { path: { id: of.id } }, body: { role } })),
    onSuccess: ({ role }) => void message.success(t('admin.user_changed', { name: of.username, role: t(`role.${role}`) })),
    onError: (thrown) => void message.error(asApiError(thrown).message),
    onSettled: () => void queries.invalidateQueries({ queryKey: adminSubjects.users }),
  });
  const ask = (role: UserRole): void =>
    void modal.confirm({
      title: t('admin.user_ask', { name: of.username, role: t(`role.${role}`) }),
      content: t(`role.${role}.means`),
      okText: t('action.confirm'),
      cancelText: t('action.cancel'),
      onOk: () => change.mutateAsync(role).then(() => undefined, () => undefined),
    });
  const organization = of.dcc_user_org_id || of.organization_id;
  return (
    <li data-user={of.username} data-role={of.role}>
      <div className="admin-row-name">
        <b>{of.username}</b> {isSelf && <Tag>{t('admin.user_self')}</Tag>}
        <p className="hint">
          {[
            organization ? `${t('admin.account_organization')} ${organization}` : t('admin.user_unbound'),
            of.phone,
            t('admin.created_at', { time: of.create_time }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
      <Choice<UserRole>
        className="admin-role"
        label={t('admin.user_role_of', { name: of.username })}
        value={of.role}
        loading={change.isPending}
        disabled={change.isPending}
        onChange={ask}
        options={roles.map((value) => ({ value, label: t(`role.${value}`) }))}
      />
    </li>
  );
}

export function Users() {
  const t = useText();
  const { user } = useSession();
  const [typed, setTyped] = useState('');
  const [page, setPage] = useState(1);
  const wanted = useSettled(typed.trim(), restMs);
  const users = useQuery(usersOf(page, wanted));
  return (
    <section className="panel" aria-label={t('admin.tab.users')}>
      <div className="panel-head">
        <p className="hint">{t('admin.users_hint')}</p>
        <Input.Search
          className="admin-search"
          allowClear
          maxLength={100}
          aria-label={t('admin.users_search')}
          placeholder={t('admin.users_search')}
          value={typed}
          loading={users.isFetching}
          onChange={(event) => {
            setTyped(event.target.value);
            setPage(1);
          }}
        />
      </div>
      <PagedRows
        of={users}
        none={t('admin.users_none')}
        row={(each) => <UserRow key={each.id} of={each} isSelf={each.id === user?.id} />}
        onPage={setPage}
      />
    </section>
  );
}
