/** Switches between Chinese and English; shows the language that a click brings. */
import { GlobalOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { setLanguage, useLanguage, useText } from '../i18n';

export function LanguageSwitch() {
  const t = useText();
  const next = useLanguage() === 'zh' ? 'en' : 'zh';
  const name = next === 'zh' ? '中文' : 'English';
  return (
    <Button
      type="text"
      icon={<GlobalOutlined />}
      aria-label={t('shell.language', { language: name })}
      onClick={() => setLanguage(next)}
    >
      <span className="language-name" lang={next === 'zh' ? 'zh-CN' : 'en'}>
        {name}
      </span>
    </Button>
  );
}
