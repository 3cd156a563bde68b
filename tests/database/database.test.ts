import type { Reader } from '../../backend/base/sql'
import { connectionFault, unreachable } from '../../backend/database/faults'
import { isUnreachable } from '../../backend/database/passing'
import { readOnlyReason } from '../../backend/database/read-only'
import { databaseOf, isDatabaseUrl, nameOf, placeOf, roleOf, withDatabase } from '../../backend/database/url'

const fault = (code: string, message = '', more = {}) => Object.assign(new Error(message), { code, ...more })

test.each([
  ['a server that is stopping', fault('57P01', 'terminating connection due to administrator command')],
  ['no free connection', fault('53300', 'too many clients')],
  ['a lost connection', new Error('Connection terminated unexpectedly')],
  ['a name server that does not answer', fault('EAI_AGAIN')],
  ['a socket file that is not there', fault('ENOENT', '', { syscall: 'connect' })],
  ['a write that a standby refuses', fault('25006', 'cannot execute UPDATE in a read-only transaction')],
  ['a pooler whose server is down', fault('08P01', 'server login has been failing, try again later (server_login_retry)')],
  ['a pooler whose servers are all busy', fault('08P01', 'query_wait_timeout')],
  ['a pooler that is full', fault('08P01', 'no more connections allowed (max_client_conn)')],
  ['a pooler that lost its server', fault('08P01', 'server conn crashed?')],
])('%s passes by itself', (_, error) => {
  expect(isUnreachable(error)).toBe(true)
})

test.each([
  [fault('08P01', 'unsupported startup parameter: options'), /the startup parameter options: remove it .*ignore_startup_parameters/],
  [fault('08P01', 'unsupported startup parameter: statement_timeout'), /the startup parameter statement_timeout: remove it/],
  [fault('08P01', 'no such database: nowhere'), /pooler at h:1 has no such database/],
  [fault('08P01', 'SASL authentication failed'), /refuses the connection \(SASL authentication failed\)/],
  [fault('08P01', 'transaction blocks not allowed in statement pooling mode'), /statement mode: set its pool_mode to transaction/],
  [fault('28P01', 'password authentication failed for user "u"'), /refuses the password of u/],
  [fault('28000', 'no pg_hba.conf entry for host "::1", user "u", database "d", no encryption'), /requires TLS .*sslmode/],
  [fault('28000', 'role "u" is not permitted to log in'), /does not let u log in/],
  [fault('3D000', 'database "d" does not exist'), /d at h:1 does not exist/],
  [fault('42501', 'permission denied for database d'), /denies u access \(permission denied for database d\)/],
  [new Error('The server does not support SSL connections'), /does not support TLS: remove sslmode/],
  [fault('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'), /is not trusted .*sslrootcert/],
])('a refusal of settings does not pass, and its cause is one sentence: %s', (error, sentence) => {
  expect(isUnreachable(error)).toBe(false)
  expect(connectionFault('postgresql://u:secret@h:1/d', error)?.message).toMatch(sentence)
  expect(unreachable('postgresql://u:secret@h:1/d', error).message).not.toContain('secret')
})

test("a statement's own fault passes no more than a refusal", () => {
  const error = fault('08P01', 'bind message supplies 1 parameters, but prepared statement "" requires 2')
  expect(isUnreachable(error)).toBe(false)
  expect(isUnreachable(fault('ENOENT', '', { syscall: 'open' }))).toBe(false)
})

test('a database on a Unix socket has a URL as the driver reads it', () => {
  const socket = 'postgresql://u%40x:p@/d?host=/run/postgresql&port=5433'
  expect(isDatabaseUrl(socket)).toBe(true)
  expect(nameOf(socket)).toBe('d at /run/postgresql')
  expect([roleOf(socket), databaseOf(socket)]).toEqual(['u@x', 'd'])
  expect(withDatabase(socket, 'e f')).toBe('postgresql://u%40x:p@/e%20f?host=/run/postgresql&port=5433')
  expect(placeOf('postgresql://%2Frun%2Fpostgresql/d')).toBe('/run/postgresql')
  expect(placeOf('postgresql:///d?host=/run')).toBe('/run')
  expect(placeOf('postgresql://u@[::1]/d')).toBe('[::1]:5432')
  expect(['mysql://u@h/d', 'postgresql:/', 'd', '/run d', 'postgresql://u:p@h:x/d'].map(isDatabaseUrl)).toEqual([
    false,
    true,
    false,
    false,
    false,
  ])
})

test('a standby is told from a setting', async () => {
  const db = (row: object) => ({ query: async () => [row] }) as unknown as Reader
  expect(await readOnlyReason(db({ standby: true, locked: true }))).toMatch(/hot standby.*point DATABASE_URL at the primary/)
  expect(await readOnlyReason(db({ standby: false, locked: true }))).toMatch(/default_transaction_read_only is on/)
  expect(await readOnlyReason(db({ standby: false, locked: false }))).toBeUndefined()
})
