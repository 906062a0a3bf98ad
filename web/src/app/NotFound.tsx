/** An address that no screen has. */
import { Button, Result } from 'antd';
import { useNavigate } from 'react-router-dom';
import { useText } from '../i18n';

export function NotFound() {
  const t = useText();
  const navigate = useNavigate();
  return (
    <Result
      status="info"
      title={t('shell.not_found')}
      subTitle={t('shell.not_found_hint')}
      extra={
        <Button type="primary" onClick={() => void navigate('/')}>
          {t('shell.go_home')}
        </Button>
      }
    />
  );
}
