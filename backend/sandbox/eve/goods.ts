/** The types of the sandbox world: id, name, group id, mass in kg, volume in m³. */
export type TypeRow = readonly [id: number, name: string, group: number, mass: number, volume: number]

export const SHIPS: readonly TypeRow[] = [
  [587, 'Rifter', 25, 1067000, 27289],
  [603, 'Merlin', 25, 997000, 16500],
  [593, 'Tristan', 25, 956000, 26500],
  [597, 'Punisher', 25, 1047000, 28600],
  [670, 'Capsule', 29, 32000, 1000],
  [33328, "Capsule - Genolution 'Auroral' 197-variant", 29, 32000, 1000],
  [16242, 'Thrasher', 420, 1600000, 43000],
  [16236, 'Coercer', 420, 1650000, 47000],
  [621, 'Caracal', 26, 11910000, 92000],
  [622, 'Stabber', 26, 11400000, 80000],
  [626, 'Vexor', 26, 11250000, 115000],
  [17703, 'Imperial Navy Slicer', 25, 950000, 28600],
  [17715, 'Gila', 26, 9600000, 101000],
  [12005, 'Ishtar', 358, 11700000, 115000],
  [11393, 'Retribution', 324, 1050000, 28600],
  [22456, 'Sabre', 541, 1490000, 43000],
  [29990, 'Loki', 963, 6830000, 90000],
  [29986, 'Legion', 963, 6815000, 118000],
  [24702, 'Hurricane', 419, 12500000, 216000],
  [24694, 'Maelstrom', 27, 103600000, 472500],
  [24688, 'Rokh', 27, 105300000, 486000],
  [644, 'Typhoon', 27, 102600000, 414000],
  [17918, 'Rattlesnake', 27, 99300000, 486000],
  [28665, 'Vargur', 900, 98400000, 468000],
  [17480, 'Procurer', 463, 10000000, 150000],
  [20185, 'Charon', 513, 960000000, 16250000],
  [28850, 'Ark', 902, 900000000, 18500000],
  [19720, 'Revelation', 485, 1237500000, 18500000],
  [23911, 'Thanatos', 547, 1163250000, 13095000],
  [23917, 'Wyvern', 659, 1650000000, 59200000],
]
export const STRUCTURES: readonly TypeRow[] = [
  [35832, 'Astrahus', 1657, 0, 8000],
  [35833, 'Fortizar', 1657, 0, 80000],
  [35825, 'Raitaru', 1404, 0, 8000],
  [81826, 'Metenox Moon Drill', 4744, 0, 8000],
  [2233, 'Customs Office', 1025, 0, 100000],
]
export const NPC_SHIPS: readonly TypeRow[] = [
  [11043, 'Guristas Wrecker', 562, 2025000, 20250],
  [13546, 'Angel Warlord', 594, 20500000, 1080000],
  [34495, 'Circadian Seeker', 1764, 1000000, 28100],
]
export const WEAPONS: readonly TypeRow[] = [
  [2969, '425mm AutoCannon II', 55, 75, 20],
  [2897, 'Dual 180mm AutoCannon II', 55, 25, 10],
  [2410, 'Heavy Missile Launcher II', 510, 1000, 10],
  [3170, 'Dual 650mm Repeating Cannon II', 55, 100, 20],
  [3025, 'Heavy Modulated Pulse Energy Beam I', 53, 1000, 10],
  [2456, 'Hobgoblin II', 100, 3000, 5],
  [2488, 'Warrior II', 100, 3500, 5],
  [27361, 'Caldari Navy Scourge Missile', 384, 700, 0.015],
]
export const GOODS: readonly TypeRow[] = [
  [2048, 'Damage Control II', 60, 5000, 5],
  [519, 'Gyrostabilizer II', 59, 1, 5],
  [1978, 'Tracking Enhancer I', 211, 1, 5],
  [3841, 'Large Shield Extender II', 38, 12500, 10],
  [2281, 'Adaptive Invulnerability Shield Hardener II', 77, 10000, 5],
  [12058, '10MN Afterburner I', 46, 5000000, 5],
  [12076, '50MN Microwarpdrive I', 46, 5000000, 10],
  [3244, 'Warp Disruptor II', 52, 7500, 5],
  [448, 'Warp Scrambler II', 52, 7500, 5],
  [527, 'Stasis Webifier II', 65, 7500, 5],
  [3504, 'Large Armor Repairer II', 62, 500, 50],
  [11269, 'Multispectrum Energized Membrane II', 326, 1, 5],
  [31788, 'Medium Core Defense Field Extender I', 774, 200, 10],
  [28668, 'Nanite Repair Paste', 916, 0, 0.01],
  [21894, 'Republic Fleet EMP M', 83, 1, 0.0125],
  [12608, 'Hail M', 372, 1, 0.0125],
  [34, 'Tritanium', 18, 0, 0.01],
  [35, 'Pyerite', 18, 0, 0.01],
  [16275, 'Strontium Clathrates', 423, 0, 3],
  [44992, 'PLEX', 1875, 0, 0.01],
]
export const CONTAINERS: readonly TypeRow[] = [
  [3297, 'Small Standard Container', 12, 10000, 100],
  [17366, 'Station Container', 448, 10000, 2000000],
]
export const BLUEPRINTS: readonly TypeRow[] = [
  [691, 'Rifter Blueprint', 105, 0, 0.01],
  [973, 'Merlin Blueprint', 105, 0, 0.01],
]
const RETIRED: TypeRow = [30013, 'Probe of an earlier age', 479, 1, 1]

export const TYPES: ReadonlyMap<number, TypeRow> = new Map(
  [SHIPS, STRUCTURES, NPC_SHIPS, WEAPONS, GOODS, CONTAINERS, BLUEPRINTS, [RETIRED]].flat().map((row) => [row[0], row]),
)
/** Where things lie in a ship: cargo, high, medium and low slots, rigs, drone bay. */
export const FLAGS = [5, 5, 5, 11, 12, 13, 14, 19, 20, 21, 22, 27, 28, 29, 30, 87, 92, 93, 94] as const
