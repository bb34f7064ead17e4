"""What the records of a floor come to: ``tables``, ``plots``, both on one ``html`` page. Needs the extra `report`."""
