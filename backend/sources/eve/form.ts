import { z } from 'zod'
import { type EveParams, entityOf } from './params'

const id = (what: string) =>
  z
    .int()
    .positive()
    .optional()
    .meta({ title: `${what} id`, description: `The number in the address of its page on zkillboard.com.` })
const day = (title: string, description: string) => z.iso.date().optional().meta({ title, description })

/** The params as a form shows them; `params.ts` checks them. */
export const form = z.object({
  characterId: id('Character'),
  corporationId: id('Corporation'),
  allianceId: id('Alliance'),
  mode: z.enum(['backfill', 'recent', 'values']).default('backfill').meta({
    title: 'What to read',
    description:
      'backfill: the history of one character, corporation or alliance. recent: the newest killmails of a character. values: the ISK values of killmails stored without them.',
  }),
  options: z
    .strictObject({
      fromDate: day('From', 'Only killmails of this day (UTC) and later.'),
      toDate: day('To', 'Only killmails of this day (UTC) and earlier.'),
      maxPages: z.int().positive().optional().meta({ title: 'Pages at most', description: 'Stop after so many counted pages.' }),
      limit: z.int().min(1).max(200).default(100).meta({ title: 'Killmails per counted page' }),
      skipExisting: z.boolean().default(true).meta({ title: 'Skip what is here', description: 'Off: stored killmails are written again.' }),
      kills: z.boolean().optional().meta({ title: 'Only kills', description: 'Only killmails where it attacked.' }),
      losses: z.boolean().optional().meta({ title: 'Only losses', description: 'Only killmails where it was the victim.' }),
    })
    .optional()
    .meta({ title: 'Options' }),
})

const KIND = { characterID: 'character', corporationID: 'corporation', allianceID: 'alliance' } as const

/** `kills of character 2117325769`. */
export function label(params: EveParams): string {
  if (params.mode === 'values') return 'values of killmails'
  const { kind, id: which } = entityOf(params)
  const of = `of ${KIND[kind]} ${which}`
  if (params.mode === 'recent') return `recent killmails ${of}`
  const { kills, losses } = params.options
  return `${kills && !losses ? 'kills' : losses && !kills ? 'losses' : 'killmails'} ${of}`
}
