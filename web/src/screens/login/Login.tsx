/** The login page. Says why one is here when a session ended. */
import { CheckCircleFilled, LockOutlined, UserOutlined } from '@ant-design/icons';
import { useMutation } from '@tanstack/react-query';
import { Alert, Button, Form, Input } from 'antd';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import { session, useSession } from '../../app/session';
import { useText } from '../../i18n';
import { LanguageSwitch } from '../../parts/LanguageSwitch';

interface Credentials {
  username: string;
  password: string;
}

function Introduction() {
  const t = useText();
  return (
    <section className="login-introduction" aria-label={t('product.name')}>
      <img src="/favicon.svg" alt="" width={56} height={56} />
      <p className="login-product">{t('product.name')}</p>
      <p className="login-tagline">{t('product.tagline')}</p>
      <ul>
        {(['login.point_1', 'login.point_2', 'login.point_3'] as const).map((key) => (
          <li key={key}>
            <CheckCircleFilled aria-hidden />
            <span>{t(key)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function Login() {
  const t = useText();
  const { ended } = useSession();
  const login = useMutation({
    mutationFn: (body: Credentials) => answer(api.POST('/api/login', { body })),
    onSuccess: (data) => session.granted(data),
  });
  const notice = ended === 'none' || login.isError ? null : t(`login.ended.${ended}`);
  return (
    <div className="login-page">
      <Introduction />
      <main className="login-panel" id="main">
        <div className="login-language">
          <LanguageSwitch />
        </div>
        <div className="login-form">
          <h1>{t('login.welcome')}</h1>
          <div aria-live="polite">
            {notice && <Alert type={ended === 'expired' ? 'warning' : 'info'} showIcon title={notice} />}
            {login.isError && <Alert type="error" showIcon title={asApiError(login.error).message} />}
          </div>
          <Form<Credentials> layout="vertical" size="large" requiredMark={false} onFinish={(values) => login.mutate(values)}>
            <Form.Item
              name="username"
              label={t('login.username')}
              rules={[{ required: true, whitespace: true, message: t('login.username_missing') }]}
            >
              <Input prefix={<UserOutlined aria-hidden />} autoComplete="username" autoFocus maxLength={100} />
            </Form.Item>
            <Form.Item
              name="password"
              label={t('login.password')}
              rules={[{ required: true, message: t('login.password_missing') }]}
            >
              <Input.Password prefix={<LockOutlined aria-hidden />} autoComplete="current-password" maxLength={256} />
            </Form.Item>
            <Button type="primary" htmlType="submit" block loading={login.isPending}>
              {t('login.submit')}
            </Button>
          </Form>
        </div>
      </main>
    </div>
  );
}
