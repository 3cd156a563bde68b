import { type EveParams, entityOf } from './params'

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
