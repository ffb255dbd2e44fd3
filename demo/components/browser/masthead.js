// Says as whom one is logged in; the form beside it logs out without any script.

/** Brings the head of the page to life. */
export function mount({ element, props, watch }) {
  const account = element.querySelector(".account");
  const show = () => {
    account.hidden = !props.value;
    if (!props.value) return;
    const { name, role } = props.value;
    account.querySelector(".account-name").textContent = `${name}, ${role}`;
  };
  watch("value", show);
  show();
}
