'use strict';
// Drives the built waihu-sim with the vendor's own client, in both signature styles, through what a campaign does.
// The program's path comes in WAIHU_SIM_PROGRAM.

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const readline = require('node:readline');
const { default: Client, $OpenApiUtil, OpenApiUtil, ClientError, ThrottlingError } = require('@alicloud/openapi-core');

const instance = 'af81a389-91f0-4157-8d82-720edd02b66a';
const runtime = { readTimeout: 10000, connectTimeout: 5000 };

async function startSimulator(t, extra = []) {
  const program = process.env.WAIHU_SIM_PROGRAM;
  assert.ok(program, 'WAIHU_SIM_PROGRAM must name the waihu-sim program');
  const child = spawn(program, ['--listen', '127.0.0.1:0', '--access-key', 'test-key', '--access-secret', 'test-secret',
    '--instance', instance, '--speed', '0', '--late-conversation-share', '0', ...extra],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  t.after(async () => {
    child.kill('SIGTERM');
    assert.equal(await ended, 0, 'waihu-sim must end cleanly');
  });
  const [line] = await Promise.race([
    new Promise((resolve) => readline.createInterface({ input: child.stdout }).once('line', (l) => resolve([l]))),
    ended.then((code) => Promise.reject(new Error(`waihu-sim ended with ${code}`))),
  ]);
  const found = /^waihu-sim listening on http:\/\/(.+)$/.exec(line);
  assert.ok(found, `unexpected first line: ${line}`);
  return found[1];
}

function clientFor(endpoint, style, secret = 'test-secret') {
  const config = { accessKeyId: 'test-key', accessKeySecret: secret, endpoint, protocol: 'http' };
  if (style === 'V1') config.signatureAlgorithm = 'v2';
  return new Client(new $OpenApiUtil.Config(config));
}

async function call(client, action, query, body) {
  const params = new $OpenApiUtil.Params({
    action, version: '2019-12-26', protocol: 'HTTP', pathname: '/', method: 'POST', authType: 'AK', style: 'RPC',
    reqBodyType: 'formData', bodyType: 'json',
  });
  // The vendor's V1 signature counts a parameter once even where it stands in query and form: it goes into one of them.
  const request = new $OpenApiUtil.OpenApiRequest(body
    ? { query: OpenApiUtil.query(query), body: { InstanceId: instance, ...body } }
    : { query: OpenApiUtil.query({ InstanceId: instance, ...query }) });
  const answer = await client.callApi(params, request, runtime);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.body.Success, true);
  assert.equal(answer.body.Code, 'OK');
  return answer.body;
}

async function control(endpoint, method, path, body) {
  const answer = await fetch(`http://${endpoint}${path}`, { method, body: body && JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

const advance = (endpoint, seconds) => control(endpoint, 'POST', '/sim/clock', { advance_ms: seconds * 1000 });

function contact(reference, phone) {
  return JSON.stringify({
    contacts: [{ phoneNumber: phone, referenceId: reference, name: '张三 Ünïcode 😀', honorific: '张先生' }],
    extras: [{ key: 'order', value: "a b+c*d~e'(f)!&=%/\"" }],
  });
}

for (const style of ['V3', 'V1']) {
  test(`a campaign from its group to its recordings, signed in the ${style} style`, async (t) => {
    const endpoint = await startSimulator(t);
    const client = clientFor(endpoint, style);
    await control(endpoint, 'POST', '/sim/plans', [
      { reference_id: 'R1', outcome: 'connected', dialogue: 'interested_wechat', attempts: 1, talk_ms: 20000 },
      { reference_id: 'R2', outcome: 'no_answer', attempts: 2 },
    ]);

    const created = await call(client, 'CreateJobGroup', {
      JobGroupName: '任务_1_甲 A+B*~', JobGroupDescription: "desc '(*)!'", ScriptId: 'script-1',
      CallingNumber: ['05710000001', '05710000002'],
    });
    const group = created.JobGroup.JobGroupId;
    assert.equal(created.JobGroup.JobGroupName, '任务_1_甲 A+B*~');

    const assigned = await call(client, 'AssignJobs', {
      JobGroupId: group, JobsJson: [contact('R1', '13800000001'), contact('R2', '13800000002')],
    });
    assert.equal(assigned.JobsId.length, 2);
    assert.equal(assigned.JobGroupId, group);

    let listed = await call(client, 'ListJobs', { JobId: assigned.JobsId });
    assert.deepEqual(listed.Jobs.map((job) => job.ReferenceId).sort(), ['R1', 'R2']);
    assert.ok(listed.Jobs.every((job) => job.Status === 'Scheduling'));

    await call(client, 'SuspendJobs', { All: true, JobGroupId: group });
    await advance(endpoint, 3600);
    listed = await call(client, 'ListJobs', { JobId: assigned.JobsId });
    assert.ok(listed.Jobs.every((job) => job.Status === 'Paused' && job.Tasks.length === 0));
    let described = await call(client, 'DescribeJobGroup', { JobGroupId: group });
    assert.equal(described.JobGroup.Status, 'Paused');
    assert.equal(described.JobGroup.Progress.Paused, 2);

    await call(client, 'ResumeJobs', { All: true, JobGroupId: group });
    await advance(endpoint, 3600);
    described = await call(client, 'DescribeJobGroup', { JobGroupId: group });
    assert.equal(described.JobGroup.Status, 'Completed');
    assert.equal(described.JobGroup.Progress.TotalJobs, 2);

    const pages = await call(client, 'QueryJobsWithResult', { JobGroupId: group, PageNumber: 1, PageSize: 10 });
    assert.equal(pages.Jobs.RowCount, 2);
    const byReference = Object.fromEntries(pages.Jobs.List.map((row) => [row.LatestTask.Contact.ReferenceId, row]));
    assert.equal(byReference.R1.LatestTask.Status, 'SucceededFinish');
    assert.equal(byReference.R2.Status, 'Failed');
    assert.equal(byReference.R2.JobFailureReason, 'NoAnswer');

    const byGroup = await call(client, 'ListJobsByGroup', { JobGroupId: group, PageNumber: 1, PageSize: 10 });
    assert.equal(byGroup.Jobs.TotalCount, 2);

    const job = (await call(client, 'DescribeJob', { JobId: byReference.R1.Id, WithScript: false })).Job;
    assert.equal(job.Status, 'Succeeded');
    assert.equal(job.Contacts[0].ContactName, '张三 Ünïcode 😀');
    assert.deepEqual(job.Extras[0], { Key: 'order', Value: "a b+c*d~e'(f)!&=%/\"" });
    assert.ok(job.Tasks[0].Conversation.some((line) => line.Speaker === 'Contact'));

    const recording = await call(client, 'DownloadRecording', { TaskId: job.Tasks[0].TaskId });
    const sound = Buffer.from(await (await fetch(recording.DownloadParams.SignatureUrl)).arrayBuffer());
    assert.equal(sound.subarray(0, 4).toString(), 'RIFF');
    assert.equal(sound.readUInt32LE(4) + 8, sound.length);

    const summary = await control(endpoint, 'GET', '/sim/summary');
    assert.equal(summary.doubles.surplus_acceptances, 0);
    assert.equal(summary.dials, 3);
  });

  test(`ninety-nine contacts and a chunked form body, signed in the ${style} style`, async (t) => {
    const endpoint = await startSimulator(t);
    const client = clientFor(endpoint, style);
    const group = (await call(client, 'CreateJobGroup', { JobGroupName: 'g' })).JobGroup.JobGroupId;
    const contacts = Array.from({ length: 99 }, (_, i) => contact(`R${i}`, `138${String(i).padStart(8, '0')}`));
    assert.equal((await call(client, 'AssignJobs', { JobGroupId: group, JobsJson: contacts })).JobsId.length, 99);
    const started = await call(client, 'AssignJobsAsync', {}, {
      JobGroupId: group, JobsJson: JSON.stringify([contact('A1', '13900000001')]),
    });
    await advance(endpoint, 5);
    const result = await call(client, 'GetAssignJobsAsyncResult', { AsyncTaskId: started.AsyncTaskId });
    assert.equal(result.Valid, true);
    assert.equal(result.JobsId.length, 1);
    assert.equal((await control(endpoint, 'GET', '/sim/summary')).jobs, 100);
  });

  test(`errors reach the vendor's client as its own exceptions, ${style} style`, async (t) => {
    const endpoint = await startSimulator(t);
    const client = clientFor(endpoint, style);
    await assert.rejects(call(clientFor(endpoint, style, 'wrong'), 'ListScripts', { PageNumber: 1, PageSize: 10 }),
      (e) => e.code === 'SignatureDoesNotMatch');
    await assert.rejects(call(client, 'DescribeJobGroup', { JobGroupId: 'nowhere' }),
      (e) => e instanceof ClientError && e.code === 'NotExist.JobGroup' && e.statusCode === 404);
    await assert.rejects(call(client, 'DialEverybody', {}), (e) => e.code === 'InvalidApi.NotFound');
    await control(endpoint, 'POST', '/sim/faults',
      [{ action: 'ListScripts', effect: 'throttle', status: 429, retry_after_ms: 1500 }]);
    await assert.rejects(call(client, 'ListScripts', { PageNumber: 1, PageSize: 10 }),
      (e) => e instanceof ThrottlingError && e.code === 'Throttling.User' && Number(e.retryAfter) === 1500);
  });
}
