import { createServer } from 'node:net'
import { Refused, Unreachable } from '../../backend/base/errors'
import { declareRefusal, isSettled, openRefusal, refusal } from '../../queues/refusal'

const URL_THERE = 'amqps://someone:sesame@mq.example.org/vhost'
const fault = (message: string, code?: number | string) => Object.assign(new Error(message), { code: code as number })
const declared = (words: string, code: number, name: string) =>
  declareRefusal(fault(`Operation failed: QueueDeclare; ${code} (${name}) with message "${words}"`, code), 'Queue "q"', 'how')

test('only other settings are a reason to delete a queue; a limit is reported in the words of the broker, and passes', () => {
  const other = declared(
    `PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'quorum' but current is 'classic'`,
    406,
    'PRECONDITION-FAILED',
  )
  expect(other.message).toBe(
    `Queue "q" already exists with other settings (x-queue-type: received 'quorum' but current is 'classic'); empty it, delete it (how) and start again.`,
  )
  expect(isSettled(other)).toBe(true)
  for (const [words, code, name] of [
    [`PRECONDITION_FAILED - cannot declare queue 'q' in vhost 't': vhost queue limit (3) is reached`, 406, 'PRECONDITION-FAILED'],
    [`PRECONDITION_FAILED - queue 'q' in vhost '/' in use`, 406, 'PRECONDITION-FAILED'],
    [`RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'`, 405, 'RESOURCE-LOCKED'],
    ['INTERNAL_ERROR', 541, 'INTERNAL-ERROR'],
  ] as const) {
    const limit = declared(words, code, name)
    expect(limit.message).toBe(`Queue "q" cannot be declared now because RabbitMQ refuses: "${words}".`)
    expect(isSettled(limit)).toBe(false)
  }
  expect(declared('ACCESS_REFUSED - access to queue', 403, 'ACCESS-REFUSED').message).toMatch(
    /^Queue "q" may not be declared by this RabbitMQ user/,
  )
  expect(isSettled(declareRefusal(fault('declaring took longer than 15000 ms'), 'Queue "q"', 'how'))).toBe(false)
})

test.each([
  [
    'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused"',
    undefined,
    Refused,
    /refuses user "someone"/,
  ],
  [
    `Operation failed: BasicConsume; 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - access to queue 'q'"`,
    403,
    Refused,
    /"ACCESS_REFUSED - access to queue 'q'"\): grant/,
  ],
  ['unable to verify the first certificate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', Refused, /is not trusted .*NODE_EXTRA_CA_CERTS/],
  [
    'Connection closed: 530 (NOT-ALLOWED) with message "NOT_ALLOWED - number of channels opened (9) has reached the limit"',
    530,
    Unreachable,
    /refuses now: "NOT_ALLOWED - number of channels .* limit"\.$/,
  ],
  ['connect ECONNREFUSED 10.0.0.1:5671', 'ECONNREFUSED', Unreachable, /cannot be reached .*is it running/],
])('of a connection: %s', (message, code, kind, sentence) => {
  const refused = refusal(fault(message, code), URL_THERE)
  expect(refused.message).toMatch(sentence)
  expect(refused.message).not.toContain('sesame')
  expect(refused.constructor).toBe(kind)
})

/** A method of the class connection as a broker sends it. */
const method = (id: number, fields: Buffer): Buffer => {
  const payload = Buffer.concat([Buffer.from([0, 10, 0, id]), fields])
  const head = Buffer.alloc(7)
  head.writeUInt8(1)
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.from([0xce])])
}
const close = (words: string): Buffer =>
  method(50, Buffer.concat([Buffer.from([2, 18, words.length]), Buffer.from(words), Buffer.alloc(4)]))

/** The refusal of a broker that answers each thing sent to it with the next of these, byte by byte, and then hangs up. */
async function refusalOf(...answers: Buffer[]): Promise<Refused> {
  const server = createServer(async (socket) => {
    socket.on('error', () => undefined)
    for await (const _ of socket) {
      const answer = answers.shift()
      if (!answer) break
      for (const byte of answer) await new Promise((done) => socket.write(Buffer.from([byte]), done))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    const unopened = new Error('Expected ConnectionOpenOk; got <ConnectionClose channel:0>')
    return await openRefusal(unopened, `amqp://u:sesame@127.0.0.1:${port}/v%2Fhost`)
  } finally {
    server.close()
  }
}
const start = method(10, Buffer.alloc(20))
const tune = method(30, Buffer.from([0, 9, 0, 2, 0, 0, 0, 60]))

test.each([
  [
    [start, tune, close('NOT_ALLOWED - vhost v/host not found')],
    Refused,
    /has no such vhost, or this user may not access it \("NOT_ALLOWED/,
  ],
  [[start, tune, close("NOT_ALLOWED - access to vhost 'v/host' refused for user 'u'")], Refused, /has no such vhost, or this user may not/],
  [
    [start, tune, close("NOT_ALLOWED - access to vhost 'v/host' refused for user 'u': connection limit (5) is reached")],
    Unreachable,
    /refuses now: "NOT_/,
  ],
  [
    [start, tune, close("INTERNAL_ERROR - access to vhost 'v/host' refused for user 'u': vhost 'v/host' is down")],
    Unreachable,
    /refuses now: "INTERNAL/,
  ],
  [[start, tune, method(41, Buffer.from([0]))], Unreachable, /refused a connection a moment ago and accepts one now/],
  [[start], Unreachable, /closes the connection instead of opening the vhost \(the connection was closed without a reason\)/],
])('of a vhost that is not opened (%#)', async (answers, kind, sentence) => {
  const refused = await refusalOf(...answers)
  expect(refused.message).toMatch(sentence)
  expect(refused.message).not.toContain('sesame')
  expect(refused.constructor).toBe(kind)
})
