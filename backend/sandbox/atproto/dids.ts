import { mix } from '../base/random'

/*
 * Repo number k has a DID of the PLC directory that can be read back: the first 7 of its 24 characters are the number,
 * scrambled, the others follow from seed and number.
 */

const { floor, imul } = Math
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const NUMBER_LENGTH = 7
const LENGTH = 24
const FACTOR = 0x9e3779b1
/** FACTOR times this is 1 in 32 bits. */
const INVERSE = inverseOf(FACTOR)

function inverseOf(odd: number): number {
  let inverse = odd
  for (let n = 0; n < 5; n++) inverse = imul(inverse, 2 - imul(odd, inverse))
  return inverse
}

function letters(value: number, length: number): string {
  let text = ''
  for (let rest = value, n = 0; n < length; n++, rest = floor(rest / 32)) text = (ALPHABET[rest % 32] ?? '') + text
  return text
}

/** @param k a whole number below 2^32 */
export function plcDid(seed: number, k: number): string {
  const scrambled = (imul(k, FACTOR) ^ mix(seed, 41)) >>> 0
  const tail = [0, 1, 2].map((n) => letters(mix(seed, 42, k, n), 6)).join('')
  return `did:plc:${(letters(scrambled, NUMBER_LENGTH) + tail).slice(0, LENGTH)}`
}

/** The number whose DID this is, or undefined when the world of this seed has no such DID. */
export function plcNumber(seed: number, did: string): number | undefined {
  const text = /^did:plc:([a-z2-7]{24})$/.exec(did)?.[1]
  if (text === undefined) return undefined
  let scrambled = 0
  for (const letter of text.slice(0, NUMBER_LENGTH)) scrambled = scrambled * 32 + ALPHABET.indexOf(letter)
  if (scrambled >= 2 ** 32) return undefined
  const k = imul(scrambled ^ mix(seed, 41), INVERSE) >>> 0
  return plcDid(seed, k) === did ? k : undefined
}

/** The account of a host itself: `127.0.0.1:4301` gives `did:web:localhost%3A4301`. */
export const webDid = (host: string): string => `did:web:localhost%3A${host.split(':')[1]}`
