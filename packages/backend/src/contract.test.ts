import { BackendError, CONTRACT_VERSION, checkContract } from './index.js';

const adapter = (major: number, minor: number) => ({ name: 'example', contract: { major, minor } });
const refusal = (major: number, minor: number): unknown => {
  try {
    checkContract(adapter(major, minor), { major: 2, minor: 3 });
    return null;
  } catch (error) {
    return error;
  }
};

describe('the contract version', () => {
  it('accepts its own version and an older minor one', () => {
    checkContract({ name: 'example', contract: CONTRACT_VERSION });
    expect(refusal(2, 3)).toBeNull();
    expect(refusal(2, 0)).toBeNull();
  });

  it.each([
    [2, 4, 'backend "example" speaks contract 2.4, this bot-bottle 2.3; upgrade bot-bottle'],
    [3, 0, 'backend "example" speaks contract 3.0, this bot-bottle 2.3; upgrade bot-bottle'],
    [1, 9, 'backend "example" speaks contract 1.9, this bot-bottle 2.3; upgrade backend "example"'],
  ])('refuses %i.%i, names both versions and says which side to upgrade', (major, minor, message) => {
    const error = refusal(major, minor);
    expect(error).toBeInstanceOf(BackendError);
    expect(error).toMatchObject({ code: 'contract-mismatch', message });
  });

  it.each([
    undefined,
    null,
    {},
    '1.0',
    { major: '1', minor: 0 },
    { major: 1 },
    { major: Number.NaN, minor: 0 },
  ])('refuses an adapter whose version is %j', contract => {
    expect(() => checkContract({ name: 'example', contract: contract as never })).toThrow(
      'backend "example" states no contract version; expected 1.0',
    );
  });
});
