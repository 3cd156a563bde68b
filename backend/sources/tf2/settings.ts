import { z } from 'zod'
import { baseUrl, type Settings, urlSchema } from '../../contract'

export const settings = {
  BACKPACK_TF_URL: { schema: baseUrl('https://backpack.tf'), about: 'Base URL of backpack.tf.' },
  BACKPACK_TF_TOKEN: {
    schema: z.string().trim().optional(),
    about: 'Access token of a backpack.tf account (not its API key), which snapshots and listings need.',
    secret: true,
  },
  BACKPACK_TF_WS_URL: {
    schema: urlSchema('ws:', 'wss:').default('wss://ws.backpack.tf/events'),
    about: 'Address of the websocket with the events of backpack.tf.',
  },
  STEAM_COMMUNITY_URL: {
    schema: baseUrl('https://steamcommunity.com'),
    about: 'Base URL of the Steam community, which shows inventories.',
  },
  TF2_LIVE: {
    schema: z.stringbool().default(false),
    about: 'Lets `worker-tf2-live` follow the websocket; one process of all does it.',
  },
} satisfies Settings
