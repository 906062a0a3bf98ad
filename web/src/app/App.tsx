/** The outermost parts: language, looks, queries, routes. */
import { StyleProvider } from '@ant-design/cssinjs';
import { QueryClientProvider } from '@tanstack/react-query';
import { App as AntdApp, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';
import { RouterProvider } from 'react-router-dom';
import { useLanguage } from '../i18n';
import { ErrorBoundary } from './ErrorBoundary';
import { queryClient } from './query_client';
import { router } from './router';
import { theme } from './theme';

export function App() {
  const language = useLanguage();
  dayjs.locale(language === 'zh' ? 'zh-cn' : 'en');
  return (
    <StyleProvider layer>
      <ConfigProvider
        locale={language === 'zh' ? zhCN : enUS}
        theme={theme}
        button={{ autoInsertSpace: false }}
        drawer={{ closable: { placement: 'end' } }}
        pagination={{ showSizeChanger: false }}
      >
        <AntdApp component={false}>
          <ErrorBoundary>
            <QueryClientProvider client={queryClient}>
              <RouterProvider router={router} />
            </QueryClientProvider>
          </ErrorBoundary>
        </AntdApp>
      </ConfigProvider>
    </StyleProvider>
  );
}
