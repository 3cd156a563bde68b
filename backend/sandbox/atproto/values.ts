import { between, dice, mix, pick } from '../base/random'
import { plcDid } from './dids'
import { blobLink } from './encoding'
import { oddValue } from './odd-records'
import { type Entry, NOISE, type Value, WANTED } from './shapes'
import { tid } from './tids'

const ADJECTIVES = ['Silent', 'Crimson', 'Hollow', 'Añejo', 'Frozen', 'Tiny', 'Last', 'Электро', 'Wandering', '雨の'] as const
const NOUNS = ['Harbor', 'Lighthouse', 'Machine', 'Orchard', 'Kingdom', 'Tower', 'Drift', 'Garden 🌱', 'Signal', 'Labyrinth'] as const
const GENRES = ['puzzle', 'platformer', 'strategy', 'roguelike', 'simulation', 'racing'] as const
const PLATFORMS = ['linux', 'windows', 'macos', 'web', 'handheld'] as const
const LINES = [
  'The tide took my save file again.',
  'Second try, no continues.',
  'Wer hat hier das Licht ausgemacht?',
  'まだまだ。',
  'gg 🎉',
  'A "quoted" word, a \\ and a tab\there.',
] as const

type Roll = () => number
const bytes = (roll: Roll, length: number): Buffer => Buffer.from(Array.from({ length }, () => Math.floor(roll() * 256)))
const link = (roll: Roll) => ({ $link: blobLink(bytes(roll, 32)) })
/** As the data model writes bytes in JSON: base64 without padding. */
const blob = (roll: Roll, mimeType: string) => ({ $type: 'blob', ref: link(roll), mimeType, size: between(900, 900_000, roll()) })
const inline = (roll: Roll, length: number) => ({ $bytes: bytes(roll, length).toString('base64').replace(/=+$/, '') })
const some = (list: readonly string[], roll: Roll): string[] => list.filter(() => roll() < 0.4)

const BUILDERS: Record<string, (roll: Roll, seed: number, k: number) => Record<string, unknown>> = {
  [WANTED[0]]: (roll) => {
    const title = `${pick(ADJECTIVES, roll())} ${pick(NOUNS, roll())}`
    return {
      title,
      summary: pick(LINES, roll()),
      genres: some(GENRES, roll),
      platforms: some(PLATFORMS, roll),
      players: { min: 1, max: between(1, 8, roll()) },
      released: roll() < 0.7,
      ...(roll() < 0.5 ? { cover: blob(roll, 'image/webp') } : {}),
      ...(roll() < 0.2 ? { basedOn: link(roll) } : {}),
      ...(roll() < 0.2 ? { checksum: inline(roll, between(8, 32, roll())) } : {}),
    }
  },
  [WANTED[1]]: (roll, seed, k) => ({
    game: `at://${plcDid(seed, k + 1)}/${WANTED[0]}/${tid(1_700_000_000_000_000 + Math.floor(roll() * 1e12), 1)}`,
    points: between(-50, 2_000_000, roll() ** 3),
    level: between(1, 99, roll()),
    won: roll() < 0.5,
    ...(roll() < 0.3 ? { comment: pick(LINES, roll()) } : {}),
    ...(roll() < 0.1 ? { replay: inline(roll, between(16, 64, roll())) } : {}),
  }),
  [WANTED[2]]: (roll, _seed, k) => ({
    displayName: `Player ${k} ${pick(NOUNS, roll())}`,
    description: pick(LINES, roll()),
    favourites: some(GENRES, roll),
    hidden: null,
    ...(roll() < 0.6 ? { avatar: blob(roll, 'image/png') } : {}),
  }),
  [NOISE]: (roll) => ({ text: pick(LINES, roll()), langs: [pick(['en', 'de', 'ja'], roll())] }),
}

/** What a record says. */
export function recordValue(seed: number, k: number, collection: string, entry: Entry): Value {
  const roll = dice(mix(seed, 50, k, collection.length, entry.n, entry.version))
  const build = BUILDERS[collection] ?? BUILDERS[NOISE]
  const plain: Value = {
    $type: collection,
    ...build?.(roll, seed, k),
    createdAt: new Date(entry.at).toISOString(),
    ...(entry.version > 0 ? { revision: entry.version } : {}),
  }
  return entry.odd ? oddValue(entry.odd, plain) : plain
}
