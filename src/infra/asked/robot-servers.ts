// Dedicated servers as a playbook asks for them: only told, never changed.
import type { CloudReport } from '../../core/cloud.ts';
import type { RobotServersRequest } from '../../core/cloud-requests.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Robot, RobotServer } from '../robot/client.ts';

/** Rejects with ApiError. */
export async function tellRobotServers(
  robot: Robot,
  { ip, number, name }: RobotServersRequest,
  signal: AbortSignal,
): Promise<CloudReport> {
  // One request for all: Robot allows few in an hour.
  const found = (await robot.servers(signal)).filter(
    (server) =>
      (ip === undefined || server.server_ip === ip) &&
      (number === undefined || server.server_number === number) &&
      (name === undefined || server.server_name === name),
  );
  return { changes: [], result: { servers: found.map(told) } };
}

function told(server: RobotServer): JsonObject {
  const { server_number, server_name, server_ip, product, dc, status, cancelled, paid_until } = server;
  return { server_number, server_name, server_ip, product, dc, status, cancelled, paid_until };
}
