/** Which settings are there, and which are missing; never a value. */
import { useQuery } from '@tanstack/react-query';
import { Alert, Tag } from 'antd';
import { useText } from '../../i18n';
import { configCheck } from './queries';

export function ConfigCheck() {
  const t = useText();
  const { data } = useQuery(configCheck);
  if (!data) return null;
  const { is_configured, missing_configs, configs } = data;
  return (
    <section className="panel" aria-label={t('admin.tab.config')}>
      <Alert
        type={is_configured ? 'success' : 'error'}
        showIcon
        title={is_configured ? t('admin.config_complete') : t('admin.config_incomplete', { count: missing_configs.length })}
        description={t('admin.config_hint')}
      />
      <ul className="admin-rows">
        {Object.entries(configs).map(([key, isSet]) => {
          const missing = missing_configs.includes(key);
          return (
            <li key={key} data-setting={key} data-set={isSet}>
              <code>{key}</code>
              <Tag color={isSet ? 'success' : missing ? 'error' : 'default'}>
                {t(isSet ? 'admin.config_set' : missing ? 'admin.config_missing' : 'admin.config_unset')}
              </Tag>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
