import fc from 'fast-check'
import { createSealer, KeyMissing, keyIdOf, NO_KEY, Unsealable } from '../../backend/base/seal'

const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

test('what is sealed opens again, for its context only', () => {
  const sealer = createSealer([one])
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (text, context, other) => {
      const sealed = sealer.seal(text, context)
      expect(sealer.open(sealed, context)).toBe(text)
      if (other !== context) expect(() => sealer.open(sealed, other)).toThrow(Unsealable)
    }),
  )
})

test('a text is sealed differently each time, and shows nothing of itself or of the key', () => {
  const sealer = createSealer([one])
  const [a, b] = [sealer.seal('secret-secret-secret', 'x'), sealer.seal('secret-secret-secret', 'x')]
  expect(a).not.toBe(b)
  expect(a).not.toContain('secret')
  expect(JSON.stringify(sealer) + Object.keys(sealer).map(String)).not.toContain(one.toString('hex'))
})

test('any change is refused', () => {
  const sealer = createSealer([one])
  const sealed = sealer.seal('text', 'x')
  const start = sealed.lastIndexOf('.') + 1
  for (let at = start; at < sealed.length; at++) {
    const bytes = Buffer.from(sealed.slice(start), 'base64url')
    const n = (at - start) % bytes.length
    bytes[n] = (bytes[n] ?? 0) ^ 1
    expect(() => sealer.open(sealed.slice(0, start) + bytes.toString('base64url'), 'x')).toThrow(Unsealable)
  }
  for (const text of ['', 'plain', sealed.slice(0, start + 8), `${sealed.slice(0, start)}`])
    expect(() => sealer.open(text, 'x')).toThrow(Unsealable)
})

test('the first key seals, all of them open', () => {
  const [old, both, fresh] = [createSealer([one]), createSealer([two, one]), createSealer([two])]
  const sealed = old.seal('text', 'x')
  expect(both.open(sealed, 'x')).toBe('text')
  expect(() => fresh.open(sealed, 'x')).toThrow(KeyMissing)
  expect(() => fresh.open(sealed, 'x')).toThrow(`TOKEN_KEY lacks the key ${old.keyIds[0]}`)
  expect(fresh.open(both.seal('text', 'x'), 'x')).toBe('text')
  expect(keyIdOf(sealed)).toBe(old.keyIds[0])
  expect(keyIdOf('plain')).toBeUndefined()
})

test('without a key nothing is sealed', () => {
  expect(() => NO_KEY.seal('text', 'x')).toThrow(/^TOKEN_KEY is not set/)
})
