import fc from 'fast-check'
import { MAX_BODY, type Message, readMessage } from '../../queues/messages'

const read = (value: unknown, messageId?: string): Message => readMessage({ body: Buffer.from(JSON.stringify(value)), messageId })
const readBytes = (body: Buffer | string): Message => readMessage({ body: Buffer.from(body) })
const reasonOf = (message: Message): string => (message.type === 'unreadable' ? message.reason : `read as ${message.type}`)
const hashOf = (message: Message): string => (message.type === 'request' ? message.bodyHash : `read as ${message.type}`)

describe('wake-ups', () => {
  test('a task id is text or a number, whatever comes with it', () => {
    expect(read({ taskId: '12' })).toEqual({ type: 'wake-up', taskId: '12' })
    expect(read({ taskId: 12, extra: true }, 'amqp-id')).toEqual({ type: 'wake-up', taskId: '12' })
    expect(read({ taskId: '9223372036854775807' })).toEqual({ type: 'wake-up', taskId: '9223372036854775807' })
  })

  test.each(['', '0', '-1', '1.5', '1e3', 'abc', '9223372036854775808', null, {}, [], true, 0, -1, 1.5])('%p is no task id', (taskId) => {
    expect(reasonOf(read({ taskId }))).toMatch(/^taskId: /)
  })

  test('a number that JSON has rounded is refused', () => {
    expect(reasonOf(readBytes('{"taskId":9007199254740993}'))).toMatch(/2\^53/)
  })
})

describe('lookups', () => {
  test('ids with their kind are a wake-up, ids alone a request; numbers become text', () => {
    expect(read({ kind: 'character', ids: ['1'] })).toEqual({ type: 'lookups', kind: 'character', ids: ['1'] })
    expect(read({ ids: [1, '2'] })).toEqual({ type: 'lookups', kind: undefined, ids: ['1', '2'] })
    expect(read({ data: { ids: [1] }, timestamp: 1, messageId: 'm' })).toEqual({ type: 'lookups', kind: undefined, ids: ['1'] })
  })

  test.each([[[]], [5], [''], [{ a: 1 }], [['']], [[{}]], [[null]], [[1.5]]])('ids %p are refused by name', (ids) => {
    expect(reasonOf(read({ ids }))).toMatch(/^ids/)
  })
})

describe('requests', () => {
  const body = { characterId: 2117325769, options: { fromDate: '2023-01-01' } }

  test('plain and wrapped ones are the same request', () => {
    const plain = read(body, 'amqp-id')
    const wrapped = read({ data: body, timestamp: '2024-01-01T00:00:00Z', messageId: 'own-id' }, 'amqp-id')
    expect(plain).toMatchObject({ type: 'request', body, messageId: 'amqp-id' })
    expect(wrapped).toMatchObject({ type: 'request', body, messageId: 'own-id' })
    expect(hashOf(wrapped)).toBe(hashOf(plain))
  })

  test('a message id may lie beside the fields and is no part of the request', () => {
    expect(read({ ...body, messageId: 7 })).toMatchObject({ body, messageId: '7' })
    expect(read({ ...body, messageId: '' })).toMatchObject({ body, messageId: undefined })
    expect(hashOf(read({ ...body, messageId: 7 }))).toBe(hashOf(read(body)))
    expect(reasonOf(read({ ...body, messageId: {} }))).toMatch(/^messageId: /)
    expect(reasonOf(read({ ...body, messageId: 'x'.repeat(256) }))).toMatch(/^messageId: .*255/)
  })

  test('data alone is the request, with the message id of AMQP', () => {
    expect(read({ data: body }, 'amqp-id')).toMatchObject({ type: 'request', body, messageId: 'amqp-id' })
    expect(hashOf(read({ data: body }))).toBe(hashOf(read(body)))
    expect(read({ data: { ids: [1] } })).toEqual({ type: 'lookups', kind: undefined, ids: ['1'] })
  })

  test('a field named data among others is not an envelope', () => {
    expect(read({ data: { a: 1 }, b: 2 })).toMatchObject({ body: { data: { a: 1 }, b: 2 } })
    expect(read({ data: 5 })).toMatchObject({ body: { data: 5 } })
    expect(read({ data: [1] })).toMatchObject({ body: { data: [1] } })
    expect(read({ data: 5, timestamp: 1 })).toMatchObject({ body: { data: 5, timestamp: 1 } })
  })

  test('the hash knows content, not the order of fields', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, shuffled(inner)]),
      )
    }
    const requests = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.jsonValue({ maxDepth: 3 }))
    fc.assert(fc.property(requests, (one) => expect(hashOf(read(shuffled(one)))).toBe(hashOf(read(one)))))
    expect(hashOf(read({ a: { b: 1 } }))).not.toBe(hashOf(read({ a: [['b', 1]] })))
    expect(hashOf(read({ a: [1, 2] }))).not.toBe(hashOf(read({ a: [2, 1] })))
    expect(hashOf(read({ a: 1 }))).not.toBe(hashOf(read({ a: '1' })))
  })
})

describe('what cannot be read says why', () => {
  test.each([
    ['', /empty/],
    [' \n', /empty/],
    ['hello', /not JSON: .*hello/],
    ['{"a":1', /not JSON/],
    ['[1]', /a list, not a JSON object/],
    ['5', /5, not a JSON object/],
    ['null', /null, not a JSON object/],
    ['{"a":"\\u0000"}', /NUL/],
    ['{"a":["\\ud800"]}', /surrogate/],
    ['{"\\u0000":1}', /NUL/],
    [`{"a":${'['.repeat(70)}${']'.repeat(70)}}`, /nested deeper than 64/],
  ])('%p', (text, reason) => {
    expect(reasonOf(readBytes(text))).toMatch(reason)
  })

  test('bytes that are no UTF-8, and bodies over 1 MiB', () => {
    expect(reasonOf(readBytes(Buffer.from([0x7b, 0xff, 0x7d])))).toMatch(/UTF-8/)
    const full = (bytes: number) => Buffer.from(`{"a":"${'x'.repeat(bytes - 8)}"}`)
    expect(readBytes(full(MAX_BODY)).type).toBe('request')
    expect(reasonOf(readBytes(full(MAX_BODY + 1)))).toMatch(/1048577 bytes/)
  })

  test('nothing makes it throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readMessage({ body: Buffer.from(bytes) })))
    fc.assert(fc.property(fc.jsonValue(), (value) => void read(value)))
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => void read({ taskId: a, ids: b, data: a, messageId: b })))
  })
})
