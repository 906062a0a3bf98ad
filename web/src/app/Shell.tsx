/** The frame of every page behind the login: header with navigation, language and user, the page, drawers and overlays. */
import { DownOutlined, LinkOutlined, LogoutOutlined, MenuOutlined, UserOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, Tag, Tooltip, type MenuProps } from 'antd';
import { Suspense, useState, type ReactNode } from 'react';
import { NavLink, useNavigate } from 'react-router-dom';
import { answer, api } from '../api/client';
import { asApiError } from '../api/errors';
import { pollIntervalMs, useLiveState } from '../api/live';
import { useText } from '../i18n';
import { LanguageSwitch } from '../parts/LanguageSwitch';
import { Nothing } from '../parts/states';
import { DrawerStack } from './drawers';
import { lazily } from './lazily';
import { OfflineBanner } from './OfflineBanner';
import { queryClient } from './query_client';
import { overlays, screens } from './screens';
import { session, useSession } from './session';

const DccBindModal = lazily(() => import('../screens/login/DccBindModal'));
const overlayComponents = overlays.map(({ name, load }) => ({ name, Component: lazily(load) }));

function Brand() {
  const t = useText();
  return (
    <NavLink to="/" className="brand" aria-label={t('product.name')}>
      <img src="/favicon.svg" alt="" width={30} height={30} />
      <span>{t('product.name')}</span>
    </NavLink>
  );
}

function Navigation() {
  const t = useText();
  const navigate = useNavigate();
  const entries = screens.flatMap((screen) => (screen.menu ? [{ path: screen.path, ...screen.menu }] : []));
  const items: MenuProps['items'] = entries.map(({ path, label, icon }) => ({ key: path, label: t(label), icon }));
  return (
    <nav aria-label={t('shell.navigation')} className="navigation">
      <ul>
        {entries.map(({ path, label, icon }) => (
          <li key={path}>
            <NavLink to={path} end={path === '/'}>
              {icon}
              <span>{t(label)}</span>
            </NavLink>
          </li>
        ))}
      </ul>
      <Dropdown menu={{ items, onClick: ({ key }) => void navigate(key) }} trigger={['click']}>
        <Button className="navigation-button" type="text" icon={<MenuOutlined />} aria-label={t('shell.menu')} />
      </Dropdown>
    </nav>
  );
}

/** Whether figures follow events at once. */
function LiveMark() {
  const t = useText();
  const state = useLiveState();
  if (state === 'idle') return null;
  const hint =
    state === 'polling' ? t('live.polling_hint', { seconds: pollIntervalMs / 1000 }) : t(`live.${state}_hint`);
  return (
    <Tooltip title={hint}>
      <span className={`live-mark live-${state}`} role="status" data-state={state}>
        <i aria-hidden />
        <span>{t(`live.${state}`)}</span>
      </span>
    </Tooltip>
  );
}

function UserMenu({ onBind }: { onBind: () => void }) {
  const t = useText();
  const { user } = useSession();
  const { message, modal } = App.useApp();
  if (!user) return null;
  const bound = user.dcc_user_org_id !== '';
  const unbind = async (): Promise<void> => {
    try {
      await answer(api.DELETE('/api/dcc/disassociate'));
      session.userChanged({ ...user, dcc_user: '', dcc_user_org_id: '' });
      queryClient.clear();
    } catch (thrown) {
      void message.error(asApiError(thrown).message);
    }
  };
  const items: MenuProps['items'] = [
    {
      key: 'who',
      type: 'group',
      label: bound ? t('shell.organization', { organization: user.dcc_user_org_id }) : t('shell.unbound'),
    },
    { key: 'bind', label: t('shell.bind'), icon: <LinkOutlined />, onClick: onBind },
    ...(user.dcc_user
      ? [
          {
            key: 'unbind',
            label: t('shell.unbind'),
            onClick: () => void modal.confirm({ title: t('login.unbind_confirm'), onOk: unbind }),
          },
        ]
      : []),
    { type: 'divider' },
    { key: 'logout', label: t('shell.logout'), icon: <LogoutOutlined />, onClick: () => session.end('logout') },
  ];
  return (
    <Dropdown menu={{ items }} trigger={['click']} placement="bottomRight">
      <Button type="text" className="user-button" icon={<UserOutlined />} aria-label={t('shell.user', { name: user.username })}>
        <span className="user-name">{user.username}</span>
        <DownOutlined aria-hidden />
      </Button>
    </Dropdown>
  );
}

export function Shell({ children }: { children: ReactNode }) {
  const t = useText();
  const { user } = useSession();
  const unbound = user?.dcc_user_org_id === '';
  // Who acts for no organisation is refused everything else (1003): the dialog takes the place of the screens.
  const [binding, setBinding] = useState(unbound);
  return (
    <>
      <a href="#main" className="skip-link">
        {t('shell.skip')}
      </a>
      <header className="header">
        <Brand />
        <Navigation />
        <div className="header-tools">
          {unbound && <Tag color="warning">{t('shell.unbound')}</Tag>}
          <LiveMark />
          <LanguageSwitch />
          <UserMenu onBind={() => setBinding(true)} />
        </div>
      </header>
      <OfflineBanner />
      <main id="main" tabIndex={-1}>
        {unbound ? (
          <Nothing
            text={t('shell.unbound_hint')}
            height={420}
            action={
              <Button type="primary" onClick={() => setBinding(true)}>
                {t('shell.bind')}
              </Button>
            }
          />
        ) : (
          children
        )}
      </main>
      {!unbound && <DrawerStack />}
      <Suspense fallback={null}>
        {binding && <DccBindModal onClose={() => setBinding(false)} />}
        {!unbound && overlayComponents.map(({ name, Component }) => <Component key={name} />)}
      </Suspense>
    </>
  );
}
