import { type Ask, json, type Reply } from '../base/exchange'
import { SPACING_TOLERANCE_MS, Spacing } from '../base/limits'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { faultedSteam } from './faults'
import type { Market } from './market'

const SPACING_MS = 10_000
/** More items in one answer are refused. */
const MAX_COUNT = 2500
/** Qualities as Steam's tags name them. */
const QUALITIES: Record<number, string> = { 5: 'rarity4', 6: 'Unique', 11: 'strange' }
const INVENTORY = /^\/inventory\/(\d{17})\/440\/2$/

/** Inventories of the Steam community. */
export class Steam implements SandboxApi {
  readonly name = 'steam'
  readonly prefix = '/steam'
  readonly env = 'STEAM_COMMUNITY_URL'
  readonly limits
  private readonly spacing: Spacing

  constructor(
    private readonly settings: SandboxSettings,
    private readonly market: Market,
  ) {
    this.spacing = new Spacing(SPACING_MS / settings.speed)
    this.limits = { steam: settings.open ? { spacingMs: 0, concurrent: 64 } : { spacingMs: this.spacing.ms, concurrent: 1 } }
  }

  route(ask: Ask): string {
    return INVENTORY.test(ask.path) ? 'inventory' : 'unknown'
  }

  police(ask: Ask): Reply | undefined {
    if (this.settings.open) return undefined
    const gap = this.spacing.arrive(ask.at, ask.lateMs)
    if (gap >= this.spacing.ms - SPACING_TOLERANCE_MS) return undefined
    this.settings.context.violations.add('steam-spacing', `${gap.toFixed(1)} ms after the one before: ${ask.path}`)
    return undefined
  }

  answer(ask: Ask): Reply {
    return faultedSteam(this.settings.context, ask) ?? this.respond(ask)
  }

  private respond(ask: Ask): Reply {
    const steamid = INVENTORY.exec(ask.path)?.[1]
    if (steamid === undefined) return json(null, 404)
    const query = new URLSearchParams(ask.query)
    const count = Number(query.get('count') ?? 75)
    if (count > MAX_COUNT) return json(null, 400)
    const items = this.market.inventory(steamid)
    const after = query.get('start_assetid')
    const from = after === null ? 0 : items.findIndex((item) => item.assetId === after) + 1
    const page = items.slice(from, from + count)
    const goesOn = from + count < items.length
    const classOf = (defindex: number, quality: number) => String(1_000_000 + defindex * 100 + quality)
    const kinds = new Map(page.map((item) => [classOf(item.defindex, item.quality), item]))
    return json({
      ...(page.length === 0
        ? {}
        : {
            assets: page.map((item) => ({
              appid: 440,
              contextid: '2',
              assetid: item.assetId,
              classid: classOf(item.defindex, item.quality),
              instanceid: '11040578',
              amount: '1',
            })),
            descriptions: [...kinds].map(([classid, item]) => ({
              appid: 440,
              classid,
              instanceid: '11040578',
              tradable: 1,
              actions: [
                { link: `http://wiki.teamfortress.com/scripts/itemredirect.php?id=${item.defindex}&lang=en_US`, name: 'Item Wiki Page...' },
              ],
              tags: [
                { category: 'Type', internal_name: 'primary' },
                { category: 'Quality', internal_name: QUALITIES[item.quality] ?? 'Unique' },
              ],
            })),
          }),
      ...(goesOn ? { more_items: 1, last_assetid: page.at(-1)?.assetId } : {}),
      total_inventory_count: items.length,
      success: 1,
      rwgrsn: -2,
    })
  }

  reset(): void {
    this.spacing.reset()
  }
}
