/** Killmails as ESI writes them, and zKillboard's block beside them. */
export interface Party {
  character_id?: number
  corporation_id?: number
  alliance_id?: number
  faction_id?: number
}
export interface Item {
  item_type_id: number
  flag: number
  singleton: number
  quantity_dropped?: number
  quantity_destroyed?: number
  items?: Item[]
}
export interface Victim extends Party {
  damage_taken: number
  ship_type_id: number
  items: Item[]
  position?: { x: number; y: number; z: number }
}
export interface Attacker extends Party {
  damage_done: number
  final_blow: boolean
  security_status: number
  ship_type_id?: number
  weapon_type_id?: number
}
export interface Killmail {
  killmail_id: number
  killmail_time: string
  solar_system_id: number
  victim: Victim
  attackers: Attacker[]
  war_id?: number
  moon_id?: number
}
export interface Zkb {
  locationID?: number
  hash: string
  fittedValue: number
  droppedValue: number
  destroyedValue: number
  totalValue: number
  totalDroppableValue: number
  points: number
  npc: boolean
  solo: boolean
  awox: boolean
  labels: string[]
}
export type Listed = Killmail & { zkb: Zkb }
