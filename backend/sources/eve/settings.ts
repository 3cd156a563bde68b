import { baseUrl, type Settings } from '../../contract'

export const settings = {
  ZKILLBOARD_URL: { schema: baseUrl('https://zkillboard.com/api'), about: 'Base URL of zKillboard.' },
  ESI_URL: { schema: baseUrl('https://esi.evetech.net'), about: 'Base URL of ESI.' },
} satisfies Settings
