import { Dialog } from "@base-ui/react/dialog";
import { Sidebar } from "./sidebar";

interface SidebarDrawerProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** The sidebar of a narrow screen. */
export default function SidebarDrawer({ open, onOpenChange }: SidebarDrawerProps) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-[rgb(20_18_14/45%)] transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0 lg:hidden" />
        <Dialog.Popup className="fixed inset-y-0 left-0 z-40 flex w-[min(20rem,86vw)] border-r border-line bg-sunken shadow-pop transition-transform data-ending-style:-translate-x-full data-starting-style:-translate-x-full lg:hidden">
          <Dialog.Title className="sr-only">Sidebar</Dialog.Title>
          <Sidebar onCollapse={() => onOpenChange(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
