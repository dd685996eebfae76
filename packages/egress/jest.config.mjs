export { default } from '../../scripts/jest.base.mjs';
