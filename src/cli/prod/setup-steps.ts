// The steps of `prod setup`, in their order.

export const setupSteps = ['discover', 'servers', 'ssl', 'lb', 'dns', 'snapshots', 'verify'] as const;

export type SetupStep = (typeof setupSteps)[number];
