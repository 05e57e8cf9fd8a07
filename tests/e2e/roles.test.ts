// The roles one by one on real hosts: what they install, who may read it, what the services may do, and what happens
// when something is missing or in the way. In this order, on the same hosts.
import { afterAll, beforeAll, describe } from 'vitest';
import { labMissing, labRequired } from '../support/lab.ts';
import { backendApiRole } from './roles/backend-api.ts';
import { haproxyRole } from './roles/haproxy.ts';
import { bootRoles, type RolesLab } from './roles/roles-lab.ts';
import { confinedServices } from './roles/services.ts';

describe.skipIf(labMissing !== null && !labRequired)('the roles on real hosts', () => {
  let booted: RolesLab;
  const lab = () => booted;
  beforeAll(async () => {
    if (labMissing !== null) throw new Error(`the lab cannot run here: ${labMissing}`);
    booted = await bootRoles();
  });
  afterAll(() => booted[Symbol.asyncDispose]());

  haproxyRole(lab);
  backendApiRole(lab);
  confinedServices(lab);
});
