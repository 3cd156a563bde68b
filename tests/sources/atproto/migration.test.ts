import { openDb } from '../../../backend/database/db'
import { repoCursor } from '../../../backend/sources/atproto/streams/cursor'
import { testDatabase } from '../../support/env'
import { runMigration } from '../../support/migration'

test('rows that name rejected records "aside" and the method "road" take the words of today', async () => {
  const env = await testDatabase()
  const db = openDb(env.databaseUrl)
  const [job] = await db.query<{ id: string }>(
    `insert into backhaul.jobs (source, params, bounded_by) values ('atproto', '{"road": "car", "dids": []}', 'x') returning id`,
  )
  await db.query(`insert into backhaul.jobs (source, params, bounded_by) values ('other', '{"road": "car"}', 'x')`)
  await db.query(
    `insert into backhaul.schedules (name, cron, source, params, tick_at, due_at)
     values ('nightly', '@daily', 'atproto', '{"road": "list", "newOnly": true}', now(), now())`,
  )
  await db.query(`insert into atproto.repos (did, status, synced) values ('did:plc:a', 'active', $1), ('did:plc:b', 'active', '{}')`, [
    {
      'app.bsky.feed.post': { rev: '3k', cid: 'c', records: 5, aside: 2 },
      'app.bsky.feed.like': { rev: '3k', cid: 'c', records: 1, aside: 0 },
    },
  ])
  const old = { collections: ['app.bsky.feed.post'], unchanged: { records: 3, aside: 1 }, aside: ['at://a', 'at://b'] }
  const task = (state: string, stream: string, cursor: object) =>
    db.query(`insert into backhaul.tasks (job_id, stream, key, queue, state, cursor) values ($1, $2, $3, 'q', $4, $5)`, [
      job?.id,
      stream,
      state,
      state,
      cursor,
    ])
  await task('ready', 'repo', old)
  await task('failed', 'repo', { collections: [], aside: [] })
  await task('waiting', 'discovery', { page: null })
  await task('done', 'repo', old)

  await runMigration(db, '20261129220000_atproto_words')

  expect(await db.query('select source, params from backhaul.jobs order by source')).toEqual([
    { source: 'atproto', params: { method: 'car', dids: [] } },
    { source: 'other', params: { road: 'car' } },
  ])
  expect(await db.query('select params from backhaul.schedules')).toEqual([{ params: { method: 'list', newOnly: true } }])
  expect(await db.query('select synced from atproto.repos order by did')).toEqual([
    {
      synced: {
        'app.bsky.feed.post': { rev: '3k', cid: 'c', records: 5, rejected: 2 },
        'app.bsky.feed.like': { rev: '3k', cid: 'c', records: 1, rejected: 0 },
      },
    },
    { synced: {} },
  ])
  const cursors = (await db.query<{ cursor: object }>('select cursor from backhaul.tasks order by id')).map(({ cursor }) => cursor)
  expect(cursors).toEqual([
    { collections: ['app.bsky.feed.post'], unchanged: { records: 3, rejected: 1 }, rejected: ['at://a', 'at://b'] },
    { collections: [], rejected: [] },
    { page: null },
    old,
  ])
  expect(repoCursor.parse(cursors[0])).toMatchObject(cursors[0] ?? {})
  await db.close()
  await env.close()
})
