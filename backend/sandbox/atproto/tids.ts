/*
 * Record keys and revisions that sort by time: 53 bits of microseconds since 1970, then 10 bits of a clock's number,
 * five to a character.
 */

const { floor } = Math
const ALPHABET = '234567abcdefghijklmnopqrstuvwxyz'

function letters(value: number, length: number): string {
  let text = ''
  for (let rest = value, n = 0; n < length; n++, rest = floor(rest / 32)) text = (ALPHABET[rest % 32] ?? '') + text
  return text
}

/**
 * @param micros whole microseconds since 1970
 * @param clock 0..1023
 */
export const tid = (micros: number, clock: number): string => letters(micros, 11) + letters(clock, 2)
