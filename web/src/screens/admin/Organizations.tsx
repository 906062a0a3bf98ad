/** Organisations page by page, and a form that makes one and tells its id. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Form, Input, InputNumber, Tag } from 'antd';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import { useText } from '../../i18n';
import { Facts } from '../../parts/call_parts';
import { Choice } from '../../parts/Choice';
import { PagedRows } from './PagedRows';
import { adminSubjects, organizationsOf } from './queries';

interface NewOrganization {
  name: string;
  organization_type: 1 | 2;
  end_time_days: number;
}

function List() {
  const t = useText();
  const [page, setPage] = useState(1);
  const organizations = useQuery(organizationsOf(page));
  return (
    <section className="panel gap-below" aria-label={t('admin.tab.organizations')}>
      <PagedRows
        of={organizations}
        none={t('admin.organizations_none')}
        row={(each) => (
          <li key={each.id} data-organization-row={each.organization_id}>
            <div className="admin-row-name">
              <b>{each.name}</b>
              <p className="hint">
                {`${t('admin.organization_id')} ${each.organization_id} · ${t('admin.organization_end')} ${each.end_time ?? '–'}`}
              </p>
            </div>
            <Tag>{t(`admin.organization_type.${each.organization_type}`)}</Tag>
          </li>
        )}
        onPage={setPage}
      />
    </section>
  );
}

function Maker() {
  const t = useText();
  const queries = useQueryClient();
  const [form] = Form.useForm<NewOrganization>();
  const making = useMutation({
    mutationFn: (wish: NewOrganization) => answer(api.POST('/api/create_organization', { body: wish })),
    onSuccess: () => {
      form.resetFields();
      void queries.invalidateQueries({ queryKey: adminSubjects.organizations });
    },
  });
  const required = [{ required: true, whitespace: true, message: t('admin.missing') }];
  return (
    <section className="panel" aria-labelledby="organization-title">
      <h2 id="organization-title">{t('admin.organization_new')}</h2>
      <p className="hint gap-below">{t('admin.organization_hint')}</p>
      <div aria-live="polite" className="gap-below">
        {making.isError && <Alert type="error" showIcon title={asApiError(making.error).message} />}
        {making.data && (
          <Alert
            type="success"
            showIcon
            title={t('admin.organization_made', { name: making.data.name })}
            description={
              <Facts
                facts={[
                  [t('admin.organization_id'), <code data-organization key="id">{making.data.organization_id}</code>],
                  [t('admin.organization_type'), t(`admin.organization_type.${making.data.organization_type}`)],
                  [t('admin.organization_end'), making.data.end_time],
                ]}
              />
            }
          />
        )}
      </div>
      <Form<NewOrganization>
        form={form}
        layout="vertical"
        requiredMark={false}
        className="admin-form"
        initialValues={{ organization_type: 2, end_time_days: 365 }}
        onFinish={(wish) => making.mutate(wish)}
      >
        <Form.Item name="name" label={t('admin.organization_name')} rules={required}>
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item name="organization_type" label={t('admin.organization_type')}>
          <Choice
            label={t('admin.organization_type')}
            options={([2, 1] as const).map((value) => ({ value, label: t(`admin.organization_type.${value}`) }))}
          />
        </Form.Item>
        <Form.Item name="end_time_days" label={t('admin.organization_days')} rules={[{ required: true, message: t('admin.missing') }]}>
          <InputNumber min={1} max={36500} precision={0} />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={making.isPending}>
          {t('admin.organization_make')}
        </Button>
      </Form>
    </section>
  );
}

export function Organizations() {
  return (
    <>
      <List />
      <Maker />
    </>
  );
}
