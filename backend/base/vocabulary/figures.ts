/*
 * Figures in words.
 */

/** Made at the first use: loading the rules of a language takes 15 ms, and most processes need none of this. */
const formatter = (options: Intl.NumberFormatOptions): ((value: number) => string) => {
  let made: Intl.NumberFormat | undefined
  return (value) => {
    made ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 1, ...options })
    return made.format(value)
  }
}
const compact = formatter({ notation: 'compact' })
const tenths = formatter({})

/** `1,234,567`. By hand, because almost every command counts something. */
export const count = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')

/** `12,034`, from a million on `1.2M`. */
export const brief = (value: number): string => (value < 1e6 ? count(value) : compact(value))

/** `1 task`, `3 tasks`. */
export const counted = (value: number, word: string, many = `${word}s`): string => `${count(value)} ${value === 1 ? word : many}`

/** `1.5 / s`, `1,234 / s`, or per minute below one a second. */
export function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 1) return `${tenths(perSecond * 60)} / min`
  return `${perSecond < 10 ? tenths(perSecond) : count(perSecond)} / s`
}

/** `38 %`, never 100 % before the end. */
export const percent = (fraction: number): string => `${fraction >= 1 ? 100 : Math.min(99, Math.floor(fraction * 100))} %`

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB']

/** `640 B`, `1.2 MB`. */
export function bytes(value: number): string {
  const power = Math.min(SIZES.length - 1, Math.max(0, Math.floor(Math.log10(value) / 3)))
  return `${tenths(value / 1000 ** power)} ${SIZES[power]}`
}

const UNITS: [seconds: number, name: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** The two largest units: `850 ms`, `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.round(ms / 1000)
  const first = UNITS.findIndex(([size]) => seconds >= size)
  const [size, name] = UNITS[first] as (typeof UNITS)[number]
  const text = `${Math.floor(seconds / size)} ${name}`
  const [nextSize, nextName] = UNITS[first + 1] ?? [0, '']
  const rest = nextSize ? Math.floor((seconds % size) / nextSize) : 0
  return rest > 0 ? `${text} ${rest} ${nextName}` : text
}

/** A duration that is not exact, in whole seconds of two significant digits. */
export function roughly(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(seconds)) - 1)
  return duration(Math.round(seconds / digit) * digit * 1000)
}

/** A bigint as JSON has it: a number as long as no digit is lost, else text. */
export const jsonInt = (value: bigint | number): number | string => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}
